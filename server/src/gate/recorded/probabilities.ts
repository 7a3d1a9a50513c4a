import { rowSumTolerance } from '../statistics/probability-rows.ts'
import type { Growing } from './cells.ts'
import { RecordedError, shown } from './recorded-error.ts'
import type { RowBatch } from './table-file.ts'

/** How far outside [0, 1] is rounding: it is clipped. */
const slack = 1e-6

/** One model's answers, row after row, as one distribution each. */
export class ProbabilityReader {
  readonly columns: readonly string[]
  readonly #model: string
  readonly #values: Growing<Float32Array>

  constructor(model: string, columns: readonly string[], values: Growing<Float32Array>) {
    this.#model = model
    this.columns = columns
    this.#values = values
  }

  /** [numRows, numClasses]; of one column the second of two classes is what it is the probability of. */
  get values(): Float32Array {
    return this.#values.values
  }

  /**
   * Rows of several classes are made to sum to 1 exactly, in float64: what is written with a few digits does not.
   * @throws RecordedError 'not-a-probability' | 'sum-not-one'
   */
  add({ numbers }: RowBatch, cells: readonly (readonly string[])[]): void {
    numbers.forEach((number, i) => {
      const row = cells.map((column, at) => this.#read(column[i]!, number, at))
      if (row.length === 1) return this.#push([1 - row[0]!, row[0]!])
      const total = row.reduce((sum, p) => sum + p, 0)
      if (Math.abs(total - 1) >= rowSumTolerance)
        throw new RecordedError(
          'sum-not-one',
          `row ${number}: the probabilities of --${this.#model} sum to ${total.toPrecision(6)}. They must sum to 1 (± ${rowSumTolerance}): write them with more digits, or divide each row by its sum`,
        )
      this.#push(row.map((p) => p / total))
    })
  }

  #push(row: readonly number[]): void {
    for (const p of row) this.#values.push(p)
  }

  #read(cell: string, number: number, at: number): number {
    const p = isNumeral(cell) ? Number(cell) : NaN
    if (p >= -slack && p <= 1 + slack) return Math.min(1, Math.max(0, p))
    const what = Number.isNaN(p) ? 'no number' : 'not from 0 to 1'
    throw new RecordedError(
      'not-a-probability',
      `row ${number}: ${this.columns[at]!} is ${cell === '' ? 'empty' : shown(cell)}, ${what}. Probabilities are wanted, not scores or logits`,
    )
  }
}

const numeral = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/

/** Digits as people and programs write them; not `NaN`, `Infinity`, `0x1f` or nothing. */
export const isNumeral = (cell: string): boolean => numeral.test(cell)
