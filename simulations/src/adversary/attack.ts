import type { TProperties } from 'typebox'
import type { Params, Rng } from '@panal/client-core'
import type { Policy } from '@panal/server'

/** What the adversaries of a round know when they choose what to send. They may not write to any of it. */
export interface Sight {
  /** What each of them has trained, in the order of device ids; at least one. */
  readonly own: readonly Params[]
  /** The honest updates that count, as the server decodes them, in the order of device ids; empty unless the attack `seesHonest`. */
  readonly honest: readonly Params[]
  /** Updates that count in the round if none of theirs is refused. */
  readonly n: number
  /** How many of those are adversaries'. */
  readonly f: number
  /** The server optimizer's, for a round of n updates. */
  readonly serverLearningRate: number
  readonly rng: Rng
}

/**
 * What adversaries do. An attack on data changes what they train on, one on updates what they send for it; a new one may do
 * both. They report as many examples as they have.
 */
export interface Attack {
  readonly name: string
  /** The class that an adversary takes an example of class `label` for. Absent: it trains on its data as they are. */
  relabel?(label: number, numClasses: number): number
  /** What each of them sends, in the order of `own`. Absent: what it trained. */
  forge?(sight: Sight): readonly Params[]
  /** It needs the honest updates, so that every one of them is kept until the round is over: memory grows with the cohort. */
  readonly seesHonest?: true
}

/** One attack that an experiment may choose by its name, with the options that it takes. */
export const attackPolicy = <Options extends TProperties>(
  parts: Pick<Policy<Options, Attack>, 'options' | 'make'>,
): Policy<Options, Attack> => parts

/** [numClasses] What its adversaries take each class for; undefined where for itself. */
export const labelsOf = (attack: Attack, numClasses: number): number[] | undefined =>
  attack.relabel && Array.from({ length: numClasses }, (_, label) => attack.relabel!(label, numClasses))

/** `factor` times an update. */
export const times = (factor: number, update: Params): Params => update.map((x) => factor * x)
