import type { RoundRecord } from './run-record.ts'

/** Whether a round was tested: one whose loss was no finite number has its accuracy alone. */
export const isTested = ({ accuracy, loss }: Pick<RoundRecord, 'accuracy' | 'loss'>): boolean =>
  accuracy !== undefined || loss !== undefined

/** The test that a run's last figures are of; undefined where there was none. */
export const lastTested = <Row extends Pick<RoundRecord, 'accuracy' | 'loss'>>(
  rounds: readonly Row[],
): Row | undefined => rounds.findLast(isTested)
