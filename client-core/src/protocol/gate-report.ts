import type { EpochMs } from '../device/clock.ts'
import type { Calibrator } from '../model/calibrator.ts'

/** gate.md's verdicts, worst last: PASS, WARN, NOT_ENOUGH_DATA, ERROR, BLOCK. NO_CHANGE: byte-identical weights. */
export type GateVerdict = 'PASS' | 'WARN' | 'NOT_ENOUGH_DATA' | 'ERROR' | 'BLOCK' | 'NO_CHANGE' | 'NOT_APPLICABLE'

/** What one gate check found: its own verdict, and what it measured to come to it. */
export interface CheckResult {
  readonly check: string
  /** What tells it from others of its name, for people: `anchor, log loss`. Reports of before have none. */
  readonly variant?: string
  readonly verdict: GateVerdict
  /** One sentence in plain words. */
  readonly reason: string
  /** What was measured, in an order that only the check's settings and the data decide. Empty where nothing was. */
  readonly rows: readonly CheckRow[]
  /** The data of pictures that go with it. */
  readonly figures?: readonly Figure[]
  readonly claim?: SuperiorityClaim
  /** Fitted on the calibration set: part of the model that is served. */
  readonly calibrator?: Calibrator
}

/** That the candidate is better than the anchor. Where it is accepted and the candidate promoted, this becomes the anchor. */
export interface SuperiorityClaim {
  readonly p: number
  /** What p had to be under: levels fall with every claim that is not accepted, over all rounds. */
  readonly level: number
  readonly accepted: boolean
}

/** One thing measured. Numbers that do not apply are left out, never null or NaN. */
export interface CheckRow {
  /** What was measured: `accuracy`, `log loss against champion`. */
  readonly metric: string
  /** On which part of the examples: `Home=rent`. Left out: on all of them. */
  readonly segment?: string
  /** A difference is candidate − reference, signed so that higher is better. */
  readonly estimate?: number
  readonly interval?: readonly [number, number]
  /** Of the interval, two-sided: 0.9 has one-sided bounds at 5 %. */
  readonly level?: number
  readonly n?: number
  readonly nRequired?: number
  /** Share of examples on which exactly one of the two models is right. */
  readonly discordance?: number
  /** The smallest true difference that n examples find with the wanted power. */
  readonly mdd?: number
  readonly test?: string
  readonly p?: number
  /** p after the correction for how many were tested; compare it with the check's level. */
  readonly adjustedP?: number
  /** How much worse is tolerated; of a level, the limit itself. */
  readonly margin?: number
  /** Beyond its margin it warns, and never blocks by itself. */
  readonly warnsOnly?: true
  readonly verdict: GateVerdict
  /** One sentence in plain words. */
  readonly reason: string
  readonly samples?: SampleQuery
}

/** Which examples are behind a row: enough to list them again. All conditions hold at once. */
export interface SampleQuery {
  readonly set: 'evaluation' | 'gate'
  /** Values of segment columns, as `SegmentColumn` names them. */
  readonly where: readonly { readonly column: string; readonly value: string }[]
  /** True class. */
  readonly label?: string
  readonly candidate?: 'right' | 'wrong'
  readonly reference?: { readonly model: 'champion' | 'anchor'; readonly was: 'right' | 'wrong' }
  /** The examples as changed by this variation. */
  readonly variation?: Readonly<Record<string, unknown>>
  /** Worst first: by the candidate's log loss, or by how much it is over the reference's. */
  readonly order: 'loss' | 'regression'
}

/** The data of one picture. Every number is finite. */
export type Figure =
  | {
      /** Promised against observed frequency. */
      readonly kind: 'reliability'
      readonly title: string
      readonly curves: readonly { readonly name: string; readonly bins: readonly ReliabilityBin[] }[]
    }
  | {
      /** Estimates with their intervals, one under the other. */
      readonly kind: 'forest'
      readonly title: string
      readonly unit: string
      readonly margin?: number
      readonly lines: readonly ForestLine[]
    }
  | {
      /** Something measured along a scale: severities of a perturbation, say. */
      readonly kind: 'curve'
      readonly title: string
      readonly x: string
      readonly y: string
      readonly lines: readonly { readonly name: string; readonly points: readonly CurvePoint[] }[]
    }
  | {
      /** counts[i][j]: examples of class i that were taken for j. */
      readonly kind: 'confusion'
      readonly title: string
      readonly classes: readonly string[]
      readonly counts: readonly (readonly number[])[]
    }
  | {
      /** counts[i] values lie in [edges[i], edges[i + 1]), the last one closed. */
      readonly kind: 'histogram'
      readonly title: string
      readonly x: string
      readonly edges: readonly number[]
      readonly series: readonly { readonly name: string; readonly counts: readonly number[] }[]
    }

export interface ReliabilityBin {
  readonly count: number
  readonly confidence: number
  readonly frequency: number
}

export interface ForestLine {
  readonly label: string
  readonly estimate: number
  readonly interval: readonly [number, number]
  readonly n: number
  readonly verdict: GateVerdict
}

export interface CurvePoint {
  readonly x: number
  readonly y: number
  readonly interval?: readonly [number, number]
}

export interface Metrics {
  readonly numExamples: number
  readonly accuracy: number
  readonly logLoss: number
}

/** What a report on recorded predictions is about: no task and no versions, but columns of a table. */
export interface RecordedSubject {
  /** Columns of probabilities as they were named: `p_new`, or `prefix:new_` for one of each class. */
  readonly candidate: string
  readonly champion: string | null
  readonly anchor: string | null
  readonly label: string
  /** Of two the second is the positive one. */
  readonly classes: readonly string[]
  readonly numRows: number
  /** Rows in each set; evaluation and gate are the same ones unless a column tells them apart. */
  readonly sets: { readonly evaluation: number; readonly calibration: number; readonly gate: number }
  /** What put rows into sets: a column, a hash of their ids, or nothing: all of them judge. */
  readonly split: 'column' | 'hash' | 'none'
  /** Columns of which no segments were made: nearly every row has a text of its own. */
  readonly leftOut: readonly string[]
  readonly seed: number
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
  /** Of the model as such, on the evaluation set: what it takes for what. */
  readonly figures?: readonly Figure[]
  readonly datasetDigests: { readonly evaluation: string; readonly gate: string }
  /** Where nothing but predictions was known. Candidate, champion and anchor are then called 2, 1 and 0. */
  readonly recorded?: RecordedSubject
  readonly judgedAt: EpochMs
  readonly durationMs: number
}
