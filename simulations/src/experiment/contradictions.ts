import { when, type DocumentError } from '@panal/server'
import { numAdversaries } from '../adversary/adversaries.ts'
import { aggregatorOf, numAsked } from './complete.ts'
import { contradictionsOfExpected } from './expected.ts'
import type { Experiment } from './schema.ts'

type Section = keyof Experiment

/** A rule that ties sections of an experiment together. */
interface Rule {
  readonly sections: readonly Section[]
  readonly errors: (experiment: Experiment) => DocumentError[]
}

/** What it may look at is what it names. */
const rule = <Named extends Section>(
  sections: readonly Named[],
  errors: (sections: Pick<Experiment, Named>) => DocumentError[],
): Rule => ({ sections, errors })

const rules: readonly Rule[] = [
  rule(['cohort', 'devices'], ({ cohort, devices }) =>
    when(
      numAsked(cohort) > devices,
      '/cohort/size',
      `asks ${numAsked(cohort)} devices (⌈size × overSelection⌉) of a population of ${devices}`,
    ),
  ),
  rule(['adversaries', 'devices'], ({ adversaries, devices }) =>
    when(
      adversaries !== undefined && numAdversaries(adversaries, devices) > devices,
      '/adversaries/count',
      `must be at most devices, ${devices}`,
    ),
  ),
  rule(['adversaries', 'cohort'], ({ adversaries, cohort }) =>
    when(
      adversaries !== undefined && (cohort.maxStaleness ?? 0) > 0,
      '/adversaries',
      'need cohort.maxStaleness of 0: devices that go on from earlier rounds train base by base, so that no attack would know n, f and the honest updates of the whole round',
    ),
  ),
  rule(['strategy', 'root'], ({ strategy, root }) => {
    const { name, usesRoot = false } = aggregatorOf(strategy)
    return [
      ...when(
        usesRoot && root === undefined,
        '/root',
        `is missing: ${name} trains on it; write root: { examples: 100 }, or how many the server is to have`,
      ),
      ...when(!usesRoot && root !== undefined, '/root', `is of no use: ${name} trains on nothing`),
    ]
  }),
  rule(['evaluateEvery', 'rounds'], ({ evaluateEvery = 1, rounds }) =>
    when(evaluateEvery > rounds, '/evaluateEvery', `must be at most rounds, ${rounds}`),
  ),
  rule(['target'], ({ target }) =>
    when(
      target !== undefined && target.accuracy === undefined && target.loss === undefined,
      '/target',
      'must have accuracy or loss',
    ),
  ),
  rule(['expected', 'rounds', 'target'], contradictionsOfExpected),
]

/**
 * What no single section can say, of those that could be read.
 * @param misread what the schema finds wrong: a rule that looks at a section with a mistake is left out
 */
export function contradictionsIn(value: unknown, misread: readonly DocumentError[]): DocumentError[] {
  if (misread.some(({ path }) => path === '')) return []
  const broken = new Set(misread.map(({ path }) => path.split('/')[1]))
  return rules
    .filter(({ sections }) => !sections.some((section) => broken.has(section)))
    .flatMap(({ errors }) => errors(value as Experiment))
}
