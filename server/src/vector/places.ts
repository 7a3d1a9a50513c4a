import { readSync } from 'node:fs'
import type { Place, Rows } from './engine.ts'

/** Rows that are read where they lie, by the thread that asks and without waiting. */
export const rowsAt = (places: readonly Place[], size: number): Rows => ({
  count: places.length,
  size,
  read: (start, into, first = 0) => into.forEach((row, k) => readPlace(places[first + k]!, start, row)),
  places,
})

/** A copy that any thread can read. */
export function shared(values: Float32Array): Float32Array<SharedArrayBuffer> {
  const copy = new Float32Array(new SharedArrayBuffer(values.byteLength))
  copy.set(values)
  return copy
}

function readPlace(place: Place, start: number, row: Float32Array): void {
  if (place === 'zeros') row.fill(0)
  else if ('fd' in place) readWhole(place.fd, start, row)
  else row.set(place.subarray(start, start + row.length))
}

function readWhole(fd: number, start: number, row: Float32Array): void {
  for (let done = 0; done < row.byteLength;) {
    const numBytes = readSync(fd, row, done, row.byteLength - done, 4 * start + done)
    if (numBytes === 0) throw new Error('a file of params is shorter than the model')
    done += numBytes
  }
}
