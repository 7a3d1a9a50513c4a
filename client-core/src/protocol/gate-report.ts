import type { EpochMs } from '../device/clock.ts'

/** gate.md's verdicts, worst last: PASS, WARN, NOT_ENOUGH_DATA, ERROR, BLOCK. NO_CHANGE: byte-identical weights. */
export type GateVerdict = 'PASS' | 'WARN' | 'NOT_ENOUGH_DATA' | 'ERROR' | 'BLOCK' | 'NO_CHANGE' | 'NOT_APPLICABLE'

/** What one gate check found. Numbers that do not apply are left out, never null or NaN. */
export interface CheckResult {
  readonly check: string
  readonly verdict: GateVerdict
  /** One sentence in plain words. */
  readonly reason: string
  readonly metric?: string
  readonly estimate?: number
  readonly interval?: readonly [number, number]
  readonly n?: number
  readonly nRequired?: number
  readonly test?: string
  readonly p?: number
  readonly margin?: number
}

export interface Metrics {
  readonly numExamples: number
  readonly accuracy: number
  readonly logLoss: number
}

export interface GateReport {
  readonly taskId: string
  readonly version: number
  readonly champion: number | null
  readonly anchor: number | null
  /** PASS and WARN promote; NOT_ENOUGH_DATA, ERROR and NO_CHANGE hold; BLOCK rejects. */
  readonly verdict: Exclude<GateVerdict, 'NOT_APPLICABLE'>
  /** False unless every integrity check passed: the candidate must not become head either. */
  readonly sound: boolean
  readonly reason: string
  readonly checks: readonly CheckResult[]
  /** On the evaluation set: for progress and tuning, never for the verdict. Null where the model could not be run. */
  readonly evaluation: Metrics | null
  /** On the gate set. Null where the model could not be run. */
  readonly gate: Metrics | null
  readonly datasetDigests: { readonly evaluation: string; readonly gate: string }
  readonly judgedAt: EpochMs
  readonly durationMs: number
}
