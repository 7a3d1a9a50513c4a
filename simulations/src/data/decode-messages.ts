import type { PixelShape } from './image-pixels.ts'

/** To a decoding thread. */
export interface DecodeJob {
  readonly index: number
  readonly bytes: Uint8Array
  readonly shape: PixelShape
}

/** Back from it. */
export type Decoded =
  { readonly index: number; readonly pixels: Uint8Array } | { readonly index: number; readonly error: string }
