import type { OwnSource } from '../device/worker-messages.ts'
import { digitSide } from './centre-digit.ts'
import type { Drawing } from './database.ts'

/** Drawings side by side, [n, 784], as the worker takes them. */
export function sourceOfDrawings(drawings: readonly Pick<Drawing, 'pixels' | 'label'>[]): OwnSource {
  const size = digitSide * digitSide
  const pixels = new Uint8Array(drawings.length * size)
  drawings.forEach((drawing, index) => pixels.set(drawing.pixels, index * size))
  return { kind: 'drawings', pixels, labels: Int32Array.from(drawings, ({ label }) => label) }
}
