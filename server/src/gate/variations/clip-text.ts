import { tablePerturbation } from './columns.ts'

/**
 * Text is cut after so many letters, as a program with narrower fields cuts it. A category that is cut is an unlisted one,
 * unless what is left of it is listed as well.
 */
export const clipText = tablePerturbation([20, 12, 8, 5, 3], (length, column) =>
  column.kind === 'categorical' ? (raw) => Array.from(raw).slice(0, length).join('').trimEnd() : undefined,
)
