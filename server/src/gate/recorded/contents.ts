import { createHash } from 'node:crypto'
import type { UnknownContents } from '../contract.ts'
import type { RecordedRows } from './read-rows.ts'
import { listed } from './recorded-error.ts'
import { modelNames, type Roles } from './roles.ts'

/**
 * Fewer contents than this share of the rows, and the columns do not say what an example is: a home and an age, say, that
 * many have. A file that has every row twice is above it.
 */
const leastDistinct = 1 / 3

/**
 * [numRows] a number for what each example is, whoever it belongs to and whatever is right: equal where the contents are.
 * Of the columns that were named for it; else of all features, and rows that a model answers differently (by 1e-4 or more)
 * are different, for a model knows more of an example than a file of predictions shows.
 */
export function contentsOf(recorded: RecordedRows, { content, features }: Roles): Float64Array | UnknownContents {
  const { contents, numRows } = recorded
  if (contents === undefined)
    return { because: 'The data say nothing of an example but its label and what models made of it' }
  if (content !== undefined) return contents
  const numOf = new Map<number, number>()
  for (const each of contents) numOf.set(each, (numOf.get(each) ?? 0) + 1)
  if (numOf.size < leastDistinct * numRows)
    return {
      because: `The ${numRows} rows have ${numOf.size} different values of ${listed(features).join(', ')}, which do not tell examples apart`,
    }
  return contents.map((each, row) => (numOf.get(each) === 1 ? each : withAnswers(each, recorded, row)))
}

function withAnswers(content: number, { probabilities, numRows }: RecordedRows, row: number): number {
  const answers = modelNames.map((name) => {
    const all = probabilities[name] ?? new Float32Array(0)
    const width = all.length / numRows
    return Array.from(all.subarray(row * width, (row + 1) * width), (p) => Math.round(1e4 * p))
  })
  return digestNumber(JSON.stringify([content, answers]))
}

/** 48 bits of SHA-256: that two of a million by a million different ones are alike has a chance of 1 in 560. */
export const digestNumber = (text: string): number => createHash('sha256').update(text).digest().readUIntBE(0, 6)
