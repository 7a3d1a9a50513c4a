import type { Static, TObject, TProperties } from 'typebox'
import type { Params } from '../../model/layout.ts'
import type { LocalPlan } from '../../protocol/task.ts'
import type { TrainOptions } from '../trainer.ts'

/** What of a round a device's own model goes by. */
export interface PersonalRound {
  /** The device's own model as its last round left it; undefined: it has none yet. [size] */
  readonly own: Params | undefined
  /** The model that the round's devices train from. [size] */
  readonly shared: Params
  /** What the device does for the round. */
  readonly plan: LocalPlan
}

/** Local training that makes a model of a device's own. */
export interface PersonalWork {
  /** [size] */
  readonly start: Params
  readonly plan: LocalPlan
  readonly options: Pick<TrainOptions, 'centre' | 'layers'>
}

/** How a device comes to a model of its own. Nothing of it is ever sent. */
export interface Personalisation {
  readonly name: string
  /** Whether a round goes on from what the one before left; else it begins at the shared model. */
  readonly continues: boolean
  work(round: PersonalRound): PersonalWork
}

/** One way, as a plan names it: its file says all of it. */
export interface PersonalisationPolicy<Options extends TProperties> {
  /** Type, validation and documentation of the options at once. */
  readonly options: Options
  make(options: Static<TObject<Options>>): Personalisation
}

/** The types of `make` come from the options. */
export const personalisation = <Options extends TProperties>(
  parts: PersonalisationPolicy<Options>,
): PersonalisationPolicy<Options> => parts

/** A plan without what only an update needs: corrections, the bound on its length, the pull back to the base. */
export function planAlone({ correction: _, clipNorm: __, proximalTerm: ___, ...plan }: LocalPlan): LocalPlan {
  return plan
}
