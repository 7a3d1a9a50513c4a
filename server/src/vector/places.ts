import { readSync } from 'node:fs'
import type { Place, Rows } from './engine.ts'

/** Rows that are read where they lie, by the thread that asks and without waiting. */
export const rowsAt = (places: readonly Place[], size: number): Rows => ({
  count: places.length,
  size,
  read: (start, into, first = 0) => into.forEach((row, k) => readPlace(places[first + k]!, start, row)),
  places,
})

function readPlace({ at, scale }: Place, start: number, row: Float32Array): void {
  if (at === 'zeros') row.fill(0)
  else if ('fd' in at) readWhole(at.fd, start, row)
  else row.set(at.subarray(start, start + row.length))
  scaleRow(row, scale)
}

function readWhole(fd: number, start: number, row: Float32Array): void {
  for (let done = 0; done < row.byteLength;) {
    const numBytes = readSync(fd, row, done, row.byteLength - done, 4 * start + done)
    if (numBytes === 0) throw new Error('a file of params is shorter than the model')
    done += numBytes
  }
}

/** Rounds to float32, as often as it is done. */
export function scaleRow(row: Float32Array, by: number): void {
  if (by !== 1) for (let i = 0; i < row.length; i++) row[i]! *= by
}
