import type { Rng } from '@panal/client-core'
import type { Recording } from './recording.ts'
import type { Staged } from './open-run.ts'

/**
 * What the gate ought to say. `not-blocked`: the models are equal, or only the examples differ. `blocked`: the harm is one
 * that it promises to find. `not-promoted`: it may hold. `told`: the size decides, and is told.
 */
export type Expected = 'not-blocked' | 'blocked' | 'not-promoted' | 'told'

/** One size of what a scenario does to a candidate. */
export interface Setting {
  /** `2 margins`; within the scenario no two alike. */
  readonly label: string
  /** Where the settings are a scale: where on it. */
  readonly size?: number
  readonly expected: Expected
  /** @param rng of the run; runs of all settings have the same */
  stage(rng: Rng): Staged
}

/** Why a scenario cannot be made of this task. */
export interface Unavailable {
  readonly because: string
}

/** One kind of candidate whose worth is known, because it was made on purpose. */
export interface Scenario {
  readonly title: string
  /** Of the scale, where the settings are one. */
  readonly scale?: string
  settings(recording: Recording): readonly Setting[] | Unavailable
}

export const isUnavailable = (settings: readonly Setting[] | Unavailable): settings is Unavailable =>
  'because' in settings
