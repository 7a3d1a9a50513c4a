import type { TProperties } from 'typebox'
import { codecs, personalisations } from '@panal/client-core'
import { aggregators, checks, optimizers, preAggregators, samplers, stalenessWeights, type Policy } from '@panal/server'
import { attacks } from '../adversary/registry.ts'
import { dataSources } from '../data/registry.ts'
import { engineNames } from '../engine/open-trainer.ts'
import { partitioners } from '../partition/registry.ts'
import { availabilities } from '../profile/availability/registry.ts'
import { bandwidths } from '../profile/bandwidth/registry.ts'
import { batteries } from '../profile/battery/registry.ts'
import { dropouts } from '../profile/dropout/registry.ts'
import { speeds } from '../profile/speed/registry.ts'

/** Where an experiment names one of them, and what there is. */
const registries: Readonly<Record<string, Readonly<Record<string, Pick<Policy<TProperties, unknown>, 'options'>>>>> = {
  data: dataSources,
  partition: partitioners,
  'plan.personalisation': personalisations,
  'strategy.sampler': samplers,
  'strategy.checks': checks,
  'strategy.stalenessWeight': stalenessWeights,
  'strategy.preAggregators': preAggregators,
  'strategy.aggregator': aggregators,
  'strategy.serverOptimizer': optimizers,
  'adversaries.attack': attacks,
  'profile.availability': availabilities,
  'profile.speed': speeds,
  'profile.bandwidth': bandwidths,
  'profile.dropout': dropouts,
  'profile.battery': batteries,
}

const names: Readonly<Record<string, readonly string[]>> = {
  'plan.codec': Object.keys(codecs),
  engine: engineNames,
}

/** One paragraph a field: each choice with its options, `?` behind those that may be left out. */
export const describeRegistries = (): string =>
  [
    ...Object.entries(registries).map(([field, entries]) =>
      [field, ...Object.entries(entries).map(([name, { options }]) => `  ${name}${describeOptions(options)}`)].join(
        '\n',
      ),
    ),
    ...Object.entries(names).map(([field, choices]) => [field, ...choices.map((name) => `  ${name}`)].join('\n')),
    '',
  ].join('\n')

function describeOptions(options: TProperties): string {
  const list = Object.entries(options).map(([name, schema]) => {
    const { description } = schema as { readonly description?: string }
    return `${name}${'~optional' in schema ? '?' : ''}${description === undefined ? '' : ` (${description})`}`
  })
  return list.length === 0 ? '' : `: ${list.join(', ')}`
}
