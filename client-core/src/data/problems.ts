import { PanalError } from '../protocol/errors.ts'

/** One thing that is wrong with a dataset. Says where, never what was there. */
export interface DataProblem {
  /** As a spreadsheet counts: the header is row 1. Absent when the problem is of a whole column or file. */
  readonly row?: number
  readonly column?: string
  readonly message: string
}

const maxReported = 20

/** Collects what is wrong, so that a person sees (the first 20 of) it at once instead of one at a time. */
export class DataProblems {
  readonly #reported: DataProblem[] = []
  #total = 0

  add(problem: DataProblem): void {
    this.#total++
    if (this.#reported.length < maxReported) this.#reported.push(problem)
  }

  /** @throws PanalError 'invalid-dataset' if there are any; `extra.errors` lists the first 20 of `extra.numErrors`. */
  throwIfAny(): void {
    const [first] = this.#reported
    if (first === undefined) return
    const where = [
      ...(first.row === undefined ? [] : [`row ${first.row}`]),
      ...(first.column === undefined ? [] : [`column ${first.column}`]),
    ].join(', ')
    const more = this.#total === 1 ? '' : ` (and ${this.#total - 1} more)`
    throw new PanalError('invalid-dataset', `${where === '' ? '' : `${where}: `}${first.message}${more}`, {
      extra: { errors: this.#reported, numErrors: this.#total },
    })
  }
}

/** The one problem that makes going on pointless. */
export const invalidDataset = (message: string, cause?: unknown): PanalError =>
  new PanalError('invalid-dataset', message, { extra: { errors: [{ message }], numErrors: 1 }, cause })
