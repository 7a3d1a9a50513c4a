import type { Layout, Params } from '../model/layout.ts'

/** delta ↔ bytes. Both ends of the wire use the same one; lossy codecs say their error in their own docstring. */
export interface UpdateCodec {
  readonly name: string
  /** The bytes are the params themselves, float32 in order: whoever has them in a file need not decode them. */
  readonly isPlain?: boolean
  /** Upper bound of the encoded size: a longer upload is refused before it is read. */
  maxBytes(layout: Layout): number
  encode(delta: Params, layout: Layout): Uint8Array
  /**
   * Accepts a view at any byte offset. Writes into `out` (length layout.size) where given, else allocates.
   * Does not judge the values: NaN and ±Inf come through for the checks to refuse.
   * @throws PanalError 'wrong-length' when the bytes are not an update of this layout, 'undecodable' when they are none at all
   */
  decode(bytes: Uint8Array, layout: Layout, out?: Params): Params
}
