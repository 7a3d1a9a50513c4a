import type { GateVerdict } from '@panal/client-core'
import type { DriftReport } from './drift.ts'
import type { Gain } from './run.ts'
import type { Expected } from './scenario.ts'
import type { ScenarioName } from './scenarios/registry.ts'

/** How often something was so, with an interval that covers the true rate in 95 % of cases, whatever it is. */
export interface Rate {
  readonly count: number
  readonly of: number
  readonly rate: number
  /** Clopper and Pearson, two-sided 95 %. */
  readonly interval: readonly [number, number]
}

/** What the gate said of one kind of candidate at one size. The three rates sum to 1. */
export interface SettingReport {
  readonly label: string
  readonly size?: number
  readonly expected: Expected
  /** What candidates were better by than the champion, over the runs; under 0 where they were worse. */
  readonly gain: Gain
  readonly blocked: Rate
  readonly held: Rate
  readonly promoted: Rate
  readonly verdicts: Readonly<Partial<Record<GateVerdict, number>>>
  /** Runs in which a check blocked, the most first; several may block in one run. */
  readonly blockedBy: readonly { readonly check: string; readonly count: number }[]
  /** By the part that the fault was in. */
  readonly parts?: readonly { readonly part: string; readonly blocked: Rate }[]
}

export interface ScenarioReport {
  readonly name: ScenarioName
  readonly title: string
  readonly scale?: string
  /** Empty where it cannot be made of this task. */
  readonly settings: readonly SettingReport[]
  readonly because?: string
}

/** p-values of one test over runs with equal models: uniform, if it is exact; with few small ones, if it is careful. */
export interface NullReport {
  readonly scenario: ScenarioName
  readonly test: string
  readonly count: number
  /** Largest distance from the uniform distribution (Kolmogorov and Smirnov), and its two-sided p. */
  readonly distance: number
  readonly p: number
  /** Largest surplus of small values, and its one-sided p: a test that finds harm where there is none. */
  readonly surplus: number
  readonly pSurplus: number
}

/** What the project promises of its gate, and whether it was kept here. */
export interface PromiseReport {
  readonly what: string
  /** Of being blocked, or promoted. */
  readonly of: 'blocked' | 'promoted'
  readonly rate: Rate
  readonly most?: number
  readonly least?: number
  readonly isKept: boolean
}

/** Fewer runs than this tell only what is far from the limit. */
const fewRuns = 100

/** In so few runs that the limit lies within the interval nothing is kept or broken. */
export const cannotTell = ({ rate: { of, interval }, most, least }: PromiseReport): boolean => {
  const limit = most ?? least ?? 0
  return of < fewRuns && interval[0] <= limit && limit <= interval[1]
}

export interface CalibrationReport {
  readonly taskId: string
  readonly champion: number
  readonly anchor: number | null
  readonly like: number | null
  readonly seed: number
  /** Of each kind of equal models; of each size of every other kind. */
  readonly runs: number
  readonly faultRuns: number
  readonly examples: Readonly<Record<'evaluation' | 'calibration' | 'gate', number>>
  readonly jitter: { readonly std: number; readonly disagreement: number }
  readonly promises: readonly PromiseReport[]
  readonly scenarios: readonly ScenarioReport[]
  readonly nulls: readonly NullReport[]
  /** Null where it was not asked for, or cannot be simulated. */
  readonly drift: DriftReport | null
}
