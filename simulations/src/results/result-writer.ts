import type { RunRecord } from './run-record.ts'

export interface ResultFile {
  /** Relative to the folder of the results; `/` between folders. */
  readonly path: string
  readonly bytes: Uint8Array
}

/** Makes files of runs: of several experiments, and of several seeds of each. The same runs give the same bytes. */
export interface ResultWriter {
  readonly name: string
  /** @throws RangeError where there is no run */
  write(runs: readonly RunRecord[]): ResultFile[]
}

export const textFile = (path: string, text: string): ResultFile => ({ path, bytes: new TextEncoder().encode(text) })

/** @throws RangeError where there is no run: an empty report would look like a result */
export function assertRuns(runs: readonly RunRecord[]): void {
  if (runs.length === 0) throw new RangeError('results: there are no runs to write of')
}
