import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { virtualClock } from '@panal/client-core'
import {
  describeExpectation,
  describeRuns,
  ExperimentError,
  gridPoints,
  heldTo,
  parseAxis,
  parseExperiment,
  readRuns,
  resultWriters,
  runExperiment,
  runSweep,
  type Experiment,
} from '@panal/simulations'
import { quiet, smallExperiment } from '../../../fixtures/small-experiment.ts'

const { signal } = new AbortController()
const target = { accuracy: 0.8 }

function errorsOf(changes: object): string[] {
  try {
    parseExperiment({ ...smallExperiment(), ...changes })
  } catch (error) {
    if (error instanceof ExperimentError) return error.errors.map(({ path, message }) => `${path} ${message}`)
    throw error
  }
  return []
}

describe('what is expected', () => {
  it.each<[object, string]>([
    [{}, '/expected must have rounds, accuracy or loss'],
    [{ speed: 3 }, '/expected/speed is not known here'],
    [{ rounds: 3 }, '/expected/rounds must be an object'],
    [{ accuracy: { atMost: 0.9 } }, '/expected/accuracy/atLeast is missing'],
    [{ accuracy: { atLeast: 84 } }, '/expected/accuracy/atLeast must be <= 1'],
    [{ rounds: { atMost: 5 } }, '/expected/rounds/atMost must be at most rounds, 4: no run has more'],
    [{ accuracy: { atLeast: 0.8, published: 0.9 } }, '/expected/source is missing: it says where that is published'],
    [{ loss: { atMost: 1 }, source: 'a' }, '/expected/source is of no use: nothing published is named'],
  ])('is something that a run can be held to: %j', (expected, error) => {
    expect(errorsOf({ target, expected })).toContainEqual(error)
  })

  it('is of rounds only where a target ends them', () => {
    const expected = { rounds: { atMost: 4 } }
    expect(errorsOf({ expected })).toEqual(['/expected/rounds needs a target: without one a run has all its rounds'])
    expect(errorsOf({ expected, target })).toEqual([])
  })

  it('is told at once with what else is wrong', () => {
    expect(errorsOf({ expected: {}, target: {}, rounds: 0 })).toEqual([
      '/rounds must be >= 1',
      '/target must have accuracy or loss',
    ])
  })

  it('is of the experiment as it was written, and of no other point of a grid', () => {
    const expected = { accuracy: { atLeast: 0.8 } }
    const [changed] = gridPoints({ ...smallExperiment(), expected }, [parseAxis('rounds=3')])
    expect(changed!.value).toEqual(smallExperiment({ rounds: 3 }))
    expect(gridPoints({ expected }, [])).toEqual([{ label: '', value: { expected } }])
  })
})

describe('a run', () => {
  const rounds = [{ accuracy: 0.9, loss: 0.5 }, { accuracy: 0.8, loss: 0.6 }, {}]
  const ended = { why: 'target', round: 3 }

  it.each<[number, boolean]>([
    [3, true],
    [2, false],
  ])('that takes 3 rounds to its target and may take %i: %j', (atMost, isMet) => {
    expect(heldTo({ rounds: { atMost } }, { rounds, ended })).toEqual({
      isMet,
      figures: [{ name: 'rounds', value: 3, atMost, isMet }],
    })
  })

  it.each<[number, number, boolean, boolean]>([
    [0.8, 0.6, true, true],
    [0.81, 0.6, false, true],
    [0.8, 0.59, true, false],
  ])(
    'that was last tested at 80 %% and 0.6 is held to at least %d and at most %d',
    (atLeast, atMost, isAccurate, isSure) => {
      const held = heldTo({ accuracy: { atLeast }, loss: { atMost } }, { rounds, ended })
      expect(held.figures.map(({ isMet }) => isMet)).toEqual([isAccurate, isSure])
      expect(held.isMet).toBe(isAccurate && isSure)
    },
  )

  it('that has run all its rounds has not reached its target, however few they are', () => {
    const { figures } = heldTo({ rounds: { atMost: 100 } }, { rounds, ended: { why: 'rounds', round: 3 } })
    expect(figures).toEqual([{ name: 'rounds', atMost: 100, isMet: false }])
  })

  it('that has diverged meets nothing, however good it was before', () => {
    const { isMet } = heldTo({ accuracy: { atLeast: 0.1 } }, { rounds, ended: { why: 'diverged', round: 3 } })
    expect(isMet).toBe(false)
  })

  it.each([undefined, NaN, Infinity])('whose last test came to a loss of %p is held to no earlier one', (loss) => {
    const tests = [...rounds, { accuracy: 0.3, ...(loss !== undefined && { loss }) }]
    const held = heldTo(
      { accuracy: { atLeast: 0.2 }, loss: { atMost: 1 } },
      { rounds: tests, ended: { why: 'rounds', round: 4 } },
    )
    expect(held).toEqual({
      isMet: false,
      figures: [
        { name: 'accuracy', value: 0.3, atLeast: 0.2, isMet: true },
        { name: 'loss', atMost: 1, isMet: false },
      ],
    })
    expect(describeExpectation(held)).toContain('no finite loss in the end, at most 1')
  })

  it('says in one line what it was held to', () => {
    const expected = { rounds: { atMost: 2, published: 1 }, accuracy: { atLeast: 0.75 }, source: 'a paper' }
    expect(describeExpectation(heldTo(expected, { rounds, ended }))).toBe(
      'expectation not met: 3 rounds to the target, at most 2, published 1; accuracy 80.00 % in the end, at least 75.00 % (a paper)',
    )
    expect(describeExpectation(heldTo({ rounds: { atMost: 9 } }, { rounds, ended: { why: 'rounds', round: 9 } }))).toBe(
      'expectation not met: target not reached, at most 9',
    )
  })
})

describe('in a folder', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'panal-expected-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  const small = (expected?: Experiment['expected']) =>
    smallExperiment({ rounds: 2, ...(expected !== undefined && { expected }) })
  const runIn = (path: string, expected?: Experiment['expected']) =>
    runExperiment(
      {
        experiment: parseExperiment(small(expected)),
        seed: 1,
        home: '.',
        folder: join(folder, path),
        resume: true,
        workers: 1,
        clock: virtualClock(),
      },
      quiet,
      signal,
    )
  const poor = { accuracy: { atLeast: 0.01 } }
  const perfect = { loss: { atMost: 0 } }

  it('is in the record, the table of runs and the report', async () => {
    const { expectation } = await runIn('one', { loss: { atMost: 0, published: 0.125 }, source: 'a paper, table 2' })
    expect(expectation).toMatchObject({ isMet: false, figures: [{ name: 'loss', value: expect.any(Number) }] })
    const found = await readRuns([join(folder, 'one')])
    expect(found[0]!.record!.expectation).toEqual(expectation)
    expect(describeRuns(found)).toMatch(/expected[\s\S]* not met/)
    const [page] = resultWriters.html.write([found[0]!.record!])
    const text = new TextDecoder().decode(page!.bytes)
    expect(text).toContain('Held against')
    expect(text).toMatch(/>at most 0<.*>0\.125<.*>not met</)
    expect(text).toContain('small is held against a paper, table 2.')
    // and nothing of it where nothing is expected
    const { expectation: _, ...plain } = found[0]!.record!
    expect(new TextDecoder().decode(resultWriters.html.write([plain])[0]!.bytes)).not.toContain('Held against')
  }, 60_000)

  it('changes nothing of the run: it is gone on with, and held to what is expected now', async () => {
    expect((await runIn('two')).expectation).toBeUndefined()
    const onRound = () => {
      throw new Error('run again')
    }
    const sweepTo = async (expected: Experiment['expected']) => {
      const done: boolean[] = []
      const options = { experiment: small(expected), home: '.', folder: join(folder, 'sweep'), axes: [], workers: 1 }
      const [run] = await runSweep(
        { ...options, clock: virtualClock() },
        (_run, _index, _numRuns, isDone) => {
          done.push(isDone)
          return done.length === 1 && expected === undefined ? quiet : { ...quiet, onRound }
        },
        signal,
      )
      const [found] = await readRuns([run!.folder])
      return [done[0], found!.record!.expectation?.isMet]
    }
    expect(await sweepTo(undefined)).toEqual([false, undefined])
    expect(await sweepTo(poor)).toEqual([false, true]) // no round of it
    expect(await sweepTo(poor)).toEqual([true, true])
    expect(await sweepTo(perfect)).toEqual([false, false])
  }, 60_000)
})
