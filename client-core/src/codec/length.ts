import type { Layout, Params } from '../model/layout.ts'
import { PanalError } from '../protocol/errors.ts'

/** For codecs with a fixed number of bytes a param. @throws PanalError 'undecodable' | 'wrong-length' */
export function checkLength(bytes: Uint8Array, layout: Layout, bytesEach: number): void {
  if (bytes.length % bytesEach !== 0)
    throw new PanalError('undecodable', `${bytes.length} bytes are not a whole number of ${bytesEach}-byte values`)
  if (bytes.length !== layout.size * bytesEach)
    throw new PanalError(
      'wrong-length',
      `the update has ${bytes.length / bytesEach} params where the model has ${layout.size}`,
    )
}

/** @throws RangeError: a vector of our own that does not fit its layout is a bug, not a refusal. */
export function checkDelta(delta: Params, layout: Layout): void {
  if (delta.length !== layout.size)
    throw new RangeError(`codec: ${delta.length} params where the layout has ${layout.size}`)
}
