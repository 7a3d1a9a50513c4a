import { describe, expect, it } from '@jest/globals'
import {
  ExperimentError,
  completeExperiment,
  openExperiment,
  parseExperiment,
  parseText,
  readDocument,
} from '@panal/simulations'
import { smallExperiment } from '../../../fixtures/small-experiment.ts'

async function errorsOf(work: () => unknown): Promise<string[]> {
  try {
    await work()
  } catch (error) {
    if (error instanceof ExperimentError) return error.errors.map(({ path, message }) => `${path} ${message}`)
    throw error
  }
  return []
}
const parsing = (value: unknown) => errorsOf(() => parseExperiment(value))
const opening = (value: unknown) => errorsOf(() => openExperiment(parseExperiment(value), { seed: 1, home: '.' }))

describe('an experiment’s file', () => {
  it.each([
    ['nope.yaml', 'nope.yaml: there is no such file'],
    ['.', '.: it is a folder'],
    ['README.md/nope.yaml', 'README.md/nope.yaml: there is no such file'],
  ])('that cannot be read says why in plain words: %s', (path, message) =>
    expect(readDocument(path)).rejects.toMatchObject({ code: 'unreadable-experiment', message }),
  )
})

describe('an experiment', () => {
  it('is YAML or JSON', () => {
    expect(parseText('name: small\nplan: { epochs: 1 }', 'a.yaml')).toEqual({ name: 'small', plan: { epochs: 1 } })
    expect(parseText('{"name":"small"}', 'a.json')).toEqual({ name: 'small' })
  })

  it.each([
    ['rounds: 1\nrounds: 2', 'line 2'], // the second would win in silence
    ['plan: {', 'line 1'],
    ['data: *nope', 'nope'],
    // nine times nine times nine: more than a hundred aliases
    [`a: &a [0]\nb: &b [${'*a,'.repeat(9)}]\nc: &c [${'*b,'.repeat(9)}]\nd: [${'*c,'.repeat(9)}]`, 'alias'],
  ])('that cannot be read says where: %j', (text, where) => {
    expect(() => parseText(text, 'a.yaml')).toThrow(
      expect.objectContaining({
        code: 'unreadable-experiment',
        message: expect.stringMatching(new RegExp(`^a\\.yaml: .*${where}`, 's')),
      }),
    )
  })

  it('is FedAvg where nothing else is said', () => {
    const { strategy, cohort, plan, seeds, evaluateEvery } = parseExperiment(smallExperiment())
    expect({ strategy, cohort, plan, seeds, evaluateEvery }).toEqual({
      strategy: {
        sampler: { name: 'uniform' },
        checks: [],
        weight: 'examples',
        aggregator: { name: 'mean' },
        serverOptimizer: { name: 'sgd', learningRate: 1 },
      },
      cohort: { size: 5, overSelection: 1, reportingGoal: 5, minimum: 1, deadlineMs: 604_800_000 },
      plan: { epochs: 1, batchSize: 10, learningRate: 0.1, optimizer: { name: 'sgd' }, codec: 'f32' },
      seeds: [1],
      evaluateEvery: 1,
    })
  })

  it('waits for as many as it wants, however many it asks beyond them', () => {
    const { cohort } = completeExperiment(smallExperiment({ cohort: { size: 5, overSelection: 1.5 } }))
    expect(cohort.reportingGoal).toBe(5)
  })

  it('has a root set where its rule trains on one, and only there', async () => {
    const strategy = { aggregator: { name: 'fltrust' } } as const
    expect(await parsing(smallExperiment({ strategy }))).toEqual([
      '/root is missing: fltrust trains on it; write root: { examples: 100 }, or how many the server is to have',
    ])
    expect(await parsing(smallExperiment({ root: { examples: 9 } }))).toEqual([
      '/root is of no use: mean trains on nothing',
    ])
    expect(await parsing(smallExperiment({ strategy, root: { examples: 9 } }))).toEqual([])
  })

  it('has every mistake with its path', async () => {
    const wrong = {
      ...smallExperiment(),
      data: { name: 'blobs', examples: 0, features: 4, classes: 3 },
      partition: { name: 'dirichlet' },
      plan: { epochs: 1, batchSize: 10, learningRate: 0.1, momentum: 0.9 },
      profile: { speed: { name: 'pareto', fastest: 10 }, weather: 'wet' },
      seeds: [1, 1],
      engine: 'cuda',
      roundz: 4,
    }
    expect(await parsing(wrong)).toEqual([
      '/roundz is not known here',
      '/data/examples must be >= 1',
      '/partition/alpha is missing',
      '/plan/momentum is not known here',
      '/profile/weather is not known here',
      '/profile/speed/shape is missing',
      '/seeds must not have duplicate items',
      '/engine must be "native" or "tfjs"',
    ])
  })

  it.each([
    [{ attack: { name: 'alie' } }, '/adversaries must have "fraction" or "count"'],
    [
      { fraction: 0.2, count: 4, attack: { name: 'alie' } },
      '/adversaries has "fraction" and "count", which exclude each other: give one',
    ],
    [{ fraction: 1.2, attack: { name: 'alie' } }, '/adversaries/fraction must be <= 1'],
    [{ count: 2, attack: { name: 'ipm' } }, '/adversaries/attack/epsilon is missing'],
    [{ count: 21, attack: { name: 'alie' } }, '/adversaries/count must be at most devices, 20'],
  ])('has adversaries that it can have: %j', async (adversaries, error) => {
    expect(await parsing({ ...smallExperiment(), adversaries })).toEqual([error])
  })

  it('has no adversaries where updates may be stale', async () => {
    const adversaries = { count: 2, attack: { name: 'alie' as const } }
    const cohort = { size: 5, maxStaleness: 3 }
    expect(await parsing(smallExperiment({ adversaries, cohort }))).toEqual([
      expect.stringMatching(/^\/adversaries need cohort\.maxStaleness of 0: /),
    ])
    expect(await parsing(smallExperiment({ adversaries, cohort: { size: 5, maxStaleness: 0 } }))).toEqual([])
    expect(await parsing(smallExperiment({ cohort }))).toEqual([])
  })

  it('has attacks on classes that there are', async () => {
    const adversaries = { count: 2, attack: { name: 'label-flip' as const, to: 3 } }
    expect(await opening(smallExperiment({ adversaries }))).toEqual([
      '/adversaries/attack makes class 3 of labels, which are 0 to 2',
    ])
  })

  it('contradicts itself nowhere', async () => {
    expect(
      await parsing(smallExperiment({ cohort: { size: 18, overSelection: 1.2 }, evaluateEvery: 9, target: {} })),
    ).toEqual([
      '/cohort/size asks 22 devices (⌈size × overSelection⌉) of a population of 20', // 21.6
      '/evaluateEvery must be at most rounds, 4',
      '/target must have accuracy or loss',
    ])
  })

  it('has mistakes and contradictions told at once, but for what a mistake leaves open', async () => {
    const wrong = smallExperiment({ cohort: { size: 30 }, evaluateEvery: 9, target: {}, rounds: 0 })
    expect(await parsing({ ...wrong, seeds: [] })).toEqual([
      '/rounds must be >= 1',
      '/seeds must not have fewer than 1 items',
      '/cohort/size asks 30 devices (⌈size × overSelection⌉) of a population of 20',
      '/target must have accuracy or loss', // and nothing of evaluateEvery: how many rounds were meant is not known
    ])
    expect(await parsing([])).toEqual([' must be an object'])
    // which aggregator was meant is not known, either
    expect(await parsing({ ...smallExperiment(), strategy: { aggregator: { name: 'fltrast' } }, root: {} })).toEqual([
      expect.stringMatching(/^\/strategy\/aggregator/),
      '/root/examples is missing',
    ])
  })

  it('is held against its data and its model before anything runs, all at once', async () => {
    expect(
      await opening(
        smallExperiment({
          devices: 601,
          loss: 'binary-crossentropy',
          cohort: { size: 5, reportingGoal: 6 },
          plan: { epochs: 1, batchSize: 10, learningRate: 0.1, clipNorm: 3 },
          strategy: { checks: [{ name: 'max-norm', maxNorm: 1 }] },
        }),
      ),
    ).toEqual([
      '/cohort/reportingGoal must be at most 5, the devices asked (⌈size × overSelection⌉)',
      '/loss binary-crossentropy needs 2 classes; data.classes has 3',
      '/strategy/checks/0/maxNorm must be at least plan.clipNorm, 3, or honest updates are refused',
      '/loss binary-crossentropy needs two classes; there are 3',
      expect.stringMatching(/^\/partition .*600 examples are too few for 601 devices/),
    ])
  })

  it('has a root set that leaves enough for the devices', async () => {
    const strategy = { aggregator: { name: 'fltrust' } } as const
    expect(await opening(smallExperiment({ strategy, root: { examples: 600 } }))).toEqual([
      '/root/examples must be less than 600, the training examples that there are: devices get the others',
    ])
    // 600 − 581 = 19 examples for 20 devices
    expect(await opening(smallExperiment({ strategy, root: { examples: 581 } }))).toEqual([
      expect.stringMatching(/^\/partition .*19 examples are too few for 20 devices/),
      '/root/examples takes 581 of 600 training examples: 19 are left for the devices',
    ])
    expect(await opening(smallExperiment({ strategy, root: { examples: 580 } }))).toEqual([])
  })

  it('that names a file which is not there says so under /data', async () => {
    const data = { name: 'csv', train: 'no-such.csv', testShare: 0.2, label: 'y' }
    const errors = await opening({ ...smallExperiment(), data })
    expect(errors).toEqual([expect.stringMatching(/^\/data .*no-such\.csv/)])
  })
})
