import { everyDone } from '../every-done.ts'
import type { Place, Rows } from './engine.ts'
import { rowsAt } from './places.ts'

/** Row k times scales[k]. Scaled twice it is rounded once, to float32. */
export function scaledRows(rows: Rows, scales: Float64Array): Rows {
  const { of, scales: before } = rows.scaled ?? { of: rows, scales: undefined }
  const all = before === undefined ? scales : scales.map((scale, k) => scale * before[k]!)
  return {
    count: of.count,
    size: of.size,
    async read(start, into, first = 0) {
      await of.read(start, into, first)
      into.forEach((row, k) => scaleRow(row, all[first + k]!))
    },
    scaled: { of, scales: all },
  }
}

/** These rows alone, in this order. */
export function pickedRows({ scaled, ...rows }: Rows, indices: readonly number[]): Rows {
  if (scaled !== undefined)
    return scaledRows(
      pickedRows(scaled.of, indices),
      Float64Array.from(indices, (i) => scaled.scales[i]!),
    )
  return {
    count: indices.length,
    size: rows.size,
    async read(start, into, first = 0) {
      await everyDone(into.map(async (row, k) => rows.read(start, [row], indices[first + k])))
    },
    ...(rows.places && { places: indices.map((i) => rows.places![i]!) }),
  }
}

/** These rows and one more at the end, which no engine waits for. */
export function withPlace({ scaled, ...rows }: Rows, place: Exclude<Place, { fd: number }>): Rows {
  if (scaled !== undefined) return scaledRows(withPlace(scaled.of, place), Float64Array.of(...scaled.scales, 1))
  const last = rowsAt([place], rows.size)
  return {
    count: rows.count + 1,
    size: rows.size,
    async read(start, into, first = 0) {
      const numRead = Math.min(into.length, rows.count - first)
      if (numRead > 0) await rows.read(start, into.slice(0, numRead), first)
      if (numRead < into.length) await last.read(start, into.slice(-1))
    },
    ...(rows.places && { places: [...rows.places, place] }),
  }
}

function scaleRow(row: Float32Array, by: number): void {
  if (by !== 1) for (let i = 0; i < row.length; i++) row[i]! *= by
}
