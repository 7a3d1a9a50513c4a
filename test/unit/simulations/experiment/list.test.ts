import { describe, expect, it } from '@jest/globals'
import { codecs, personalisations } from '@panal/client-core'
import { aggregators, checks, optimizers, preAggregators, samplers, stalenessWeights } from '@panal/server'
import {
  attacks,
  availabilities,
  bandwidths,
  batteries,
  dataSources,
  dropouts,
  parseExperiment,
  partitioners,
  speeds,
} from '@panal/simulations'
import { describeRegistries } from '../../../../simulations/src/experiment/list.ts'
import { smallExperiment } from '../../../fixtures/small-experiment.ts'

/** Heading without what is taken where the field is left out → its lines. */
const paragraphs = new Map(
  describeRegistries()
    .trim()
    .split(/\n(?! )/)
    .map((text) => text.split('\n'))
    .map(([heading = '', ...lines]) => [heading.split(', left out: ')[0]!, { heading, lines }] as const),
)
const namesOf = (field: string) => paragraphs.get(field)?.lines.map((line) => /^ {2}([a-z0-9-]+)(:|$)/.exec(line)?.[1])

describe('what an experiment may choose from', () => {
  it.each<[string, object]>([
    ['data', dataSources],
    ['partition', partitioners],
    ['plan.personalisation', personalisations],
    ['strategy.sampler', samplers],
    ['strategy.checks', checks],
    ['strategy.stalenessWeight', stalenessWeights],
    ['strategy.preAggregators', preAggregators],
    ['strategy.aggregator', aggregators],
    ['strategy.serverOptimizer', optimizers],
    ['adversaries.attack', attacks],
    ['profile.availability', availabilities],
    ['profile.speed', speeds],
    ['profile.bandwidth', bandwidths],
    ['profile.dropout', dropouts],
    ['profile.battery', batteries],
    ['plan.correction', { scaffold: null, feddyn: null }],
    ['plan.optimizer', { sgd: null, adam: null }],
    ['plan.codec', codecs],
    ['strategy.weight', { examples: null, uniform: null }],
    ['engine', { native: null, tfjs: null }],
  ])('has all that %s may be, and no other', (field, registry) => {
    expect(namesOf(field)).toEqual(Object.keys(registry))
  })

  it('has no field twice, and none that an experiment does not have', () => {
    const headings = describeRegistries().match(/^[a-z].*$/gim)!
    expect(headings).toHaveLength(paragraphs.size)
    const sections = new Set([...paragraphs.keys()].map((path) => path.split('.')[0]!))
    for (const section of sections)
      expect(() => parseExperiment({ ...smallExperiment(), [section]: 3.5 })).toThrow('has errors')
    expect(() => parseExperiment(smallExperiment())).not.toThrow()
  })

  it('has options with what is taken for those that may be left out', () => {
    expect(paragraphs.get('strategy.stalenessWeight')!.lines).toContain(
      '  polynomial: a? = 0.5 (0: however old, an update counts in full)',
    )
    expect(paragraphs.get('adversaries.attack')!.lines).toContain('  scaling: factor? = 100')
    // which all personalisations have, and no registry
    for (const line of paragraphs.get('plan.personalisation')!.lines) expect(line).toContain('holdout?')
  })

  it.each([
    ['strategy.sampler', 'uniform'],
    ['strategy.checks', 'none'],
    ['strategy.serverOptimizer', 'sgd, learningRate 1'],
    ['plan.codec', 'f32'],
    ['loss', 'categorical-crossentropy'],
  ])('says what an experiment has where %s is left out', (field, taken) => {
    expect(paragraphs.get(field)!.heading).toBe(`${field}, left out: ${taken}`)
  })

  it('says nothing of that where an experiment has none, or has to say', () => {
    for (const field of ['strategy.stalenessWeight', 'plan.correction', 'data', 'partition'])
      expect(paragraphs.get(field)!.heading).toBe(field)
  })
})
