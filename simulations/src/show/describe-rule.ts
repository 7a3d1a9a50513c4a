import { numAdversaries, type AdversariesSpec } from '../adversary/adversaries.ts'
import type { CompleteExperiment } from '../experiment/complete.ts'

/** What of an experiment says how updates are put together, and who means harm. */
export type RuleAndAttack = Pick<CompleteExperiment, 'strategy' | 'adversaries' | 'devices'>

/** `rule clip, nnm, trimmed-mean; attack ipm by 20 % of devices`: names alone, so that a line has room for them. */
export function describeRule({ strategy, adversaries, devices }: RuleAndAttack): string {
  const names = [...(strategy.preAggregators ?? []), strategy.aggregator].map(({ name }) => name)
  return `rule ${names.join(', ')}; ${adversaries === undefined ? 'no attack' : describeAttack(adversaries, devices)}`
}

function describeAttack(adversaries: AdversariesSpec, devices: number): string {
  const share = Number(((100 * numAdversaries(adversaries, devices)) / devices).toFixed(2))
  return `attack ${adversaries.attack.name} by ${share} % of devices`
}
