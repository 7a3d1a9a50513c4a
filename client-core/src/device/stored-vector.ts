import { codecs } from '../codec/registry.ts'
import type { Layout, Params } from '../model/layout.ts'
import { PanalError } from '../protocol/errors.ts'

/** As codec f32 writes it. Undefined where it is damaged. */
export function vectorOf(bytes: Uint8Array, layout: Layout): Params | undefined {
  try {
    const vector = codecs.f32.decode(bytes, layout)
    return vector.every(Number.isFinite) ? vector : undefined
  } catch (error) {
    if (error instanceof PanalError) return undefined
    throw error
  }
}
