import { describe, expect, it } from '@jest/globals'
import type { Evaluation, Predictions, Variation } from '@panal/server'
import {
  exchangedPair,
  jitteredPair,
  samePair,
  usualPair,
} from '../../../../../server/src/gate/calibrate/equal-pairs.ts'
import { forget } from '../../../../../server/src/gate/calibrate/changes/forget.ts'
import { openRun } from '../../../../../server/src/gate/calibrate/open-run.ts'
import { variedKey, type RecordedModel } from '../../../../../server/src/gate/calibrate/recording.ts'
import { changed } from '../../../../../server/src/gate/calibrate/side.ts'
import { discordance } from '../../../../../server/src/gate/statistics/discordance.ts'
import { recordingOf } from '../../../../fixtures/calibration-recording.ts'

const recording = recordingOf({ numExamples: 500, like: 0.5 })
const pairOn = async ({ candidate, champion }: Evaluation, set: 'gate' | 'evaluation' = 'gate') =>
  ({ candidate: await candidate.on(set), reference: await champion!.on(set) }) as const

describe('one run', () => {
  it('of the champion as if it were new has no two answers that differ, under another name', async () => {
    const run = openRun(recording, { pair: samePair(recording) }, 'seed')
    const { candidate, reference } = await pairOn(run)
    expect(candidate).toEqual(reference)
    expect(run.candidate.weightsSha256).not.toBe(run.champion!.weightsSha256)
  })
  it('of exchanged versions has, for each example, both of their answers', async () => {
    const run = openRun(recording, { pair: exchangedPair(recording)! }, 'seed')
    const { candidate, reference } = await pairOn(run)
    const { rows } = await run.examples('gate')
    const ofChampion = (of: Predictions, i: number) =>
      of.probabilities[2 * i] === recording.champion.on.gate[2 * rows[i]!]
    const ofLike = (of: Predictions, i: number) => of.probabilities[2 * i] === recording.like!.on.gate[2 * rows[i]!]
    const places = [...rows.keys()]
    const own = places.filter((i) => ofChampion(candidate, i) && ofLike(reference, i))
    const theirs = places.filter((i) => ofLike(candidate, i) && ofChampion(reference, i))
    expect(own.length + theirs.length).toBe(500)
    // A coin for each: 250, standard deviation 11.
    expect(Math.abs(own.length - 250)).toBeLessThan(45)
  })
  it('of jittered models differs on both sides from the champion', async () => {
    const run = openRun(recording, { pair: jitteredPair(recording) }, 'seed')
    const same = await pairOn(openRun(recording, { pair: samePair(recording) }, 'seed'))
    const { candidate, reference } = await pairOn(run)
    expect(candidate).not.toEqual(reference)
    expect(candidate).not.toEqual(same.candidate)
    expect(reference).not.toEqual(same.candidate)
  })
  it('draws the same examples for the same seed, whoever is judged', async () => {
    const draws = async (seed: string, pair = samePair(recording)) =>
      (await openRun(recording, { pair }, seed).examples('gate')).rows
    expect(await draws('one')).toEqual(await draws('one', jitteredPair(recording)))
    expect(await draws('one')).not.toEqual(await draws('two'))
  })
  it('has fits of the calibration set that are drawn, too, and no other model’s', async () => {
    const run = openRun(recording, { pair: samePair(recording) }, 'seed')
    const { numExamples, labels } = await run.calibration!.examples()
    expect((await run.calibration!.of(run.candidate)).labels).toEqual(labels)
    expect(numExamples).toBe(500)
    await expect(run.calibration!.of({ ...run.candidate })).rejects.toThrow(/only candidate and champion are asked/)
  })
  it('has the champion as its anchor where that is the anchor, else the anchor’s own answers', async () => {
    const run = openRun(recording, { pair: samePair(recording) }, 'seed')
    expect(run.anchor).toBe(run.champion)
    const other = openRun({ ...recording, anchor: recording.earlier[0]! }, { pair: samePair(recording) }, 'seed')
    expect(await other.anchor!.on('gate')).not.toEqual(await other.champion!.on('gate'))
    expect(openRun({ ...recording, anchor: null }, { pair: samePair(recording) }, 'seed').anchor).toBeNull()
  })
  it('claims nothing that a drawn set cannot know', () => {
    const run = openRun(recording, { pair: samePair(recording) }, 'seed')
    expect(run.looks).toBeNull()
    expect(run.document.sets).toBeUndefined()
    expect(run.candidate.again).toBeUndefined()
  })
})

describe('under a variation', () => {
  const variation: Variation = { name: 'noise', severity: 1, seed: 7 }
  /** Answers under the variation are those before, turned round where it applies. */
  const varied = (model: RecordedModel): RecordedModel => {
    const applies = Uint8Array.from(recording.examples.gate.labels, (_, row) => row % 2)
    const probabilities = model.on.gate.slice()
    applies.forEach((applied, row) => applied === 1 && probabilities.subarray(2 * row, 2 * row + 2).reverse())
    return { ...model, under: new Map([[variedKey('gate', variation), { probabilities, applies }]]) }
  }
  const withVaried = { ...recording, champion: varied(recording.champion), like: varied(recording.like!) }

  it('each example is varied as it was recorded, by whoever answers it', async () => {
    const { candidate } = openRun(withVaried, { pair: usualPair(withVaried) }, 'seed')
    const clean = await candidate.on('gate')
    const { predictions, applies } = await candidate.under!('gate', variation)
    const expected = clean.probabilities.slice()
    applies.forEach((applied, i) => applied === 1 && expected.subarray(2 * i, 2 * i + 2).reverse())
    expect(predictions.probabilities).toEqual(expected)
  })
  it('what a model has forgotten it does not know there either', async () => {
    const pair = samePair(withVaried)
    const forgetful = { ...pair, candidate: changed(pair.candidate, forget(withVaried, [], 1)) }
    const { candidate, champion } = openRun(withVaried, { pair: forgetful }, 'seed')
    const lost = discordance(
      (await candidate.under!('gate', variation)).predictions,
      (await champion!.under!('gate', variation)).predictions,
    )
    expect(lost.lost).toBeGreaterThan(100)
    expect(lost.won).toBe(0)
  })
  it('is asked of nobody who was not recorded under it', async () => {
    expect(openRun(recording, { pair: samePair(recording) }, 'seed').candidate.under).toBeUndefined()
    const { candidate } = openRun(withVaried, { pair: samePair(withVaried) }, 'seed')
    await expect(candidate.under!('gate', { ...variation, severity: 2 })).rejects.toThrow(/version 5.*severity/)
  })
})

describe('cases', () => {
  const cases = recordingOf({ numExamples: 20 }).examples.evaluation
  const withCases = (model: RecordedModel, p: number): RecordedModel => ({
    ...model,
    onCases: new Map([['abc', Float32Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? 1 - p : p))]]),
  })
  const asking = {
    ...recording,
    cases: new Map([['abc', cases]]),
    champion: withCases(recording.champion, 0.75),
    like: withCases(recording.like!, 0.25),
  }

  it('are asked each once, and answered by one version or the other', async () => {
    const run = openRun(asking, { pair: exchangedPair(asking)! }, 'seed')
    const set = run.cases!('abc')
    expect(await set.examples()).toEqual(cases)
    const [own, theirs] = [await set.of(run.candidate), await set.of(run.champion!)]
    expect(own.labels).toEqual(cases.labels)
    expect(new Set(own.probabilities)).toEqual(new Set([0.75, 0.25]))
    expect(theirs.probabilities).toEqual(own.probabilities.map((p) => 1 - p))
  })
  it('are those that were recorded, and no others', async () => {
    const run = openRun(recording, { pair: samePair(recording) }, 'seed')
    expect(() => run.cases!('abc')).toThrow(/no cases/)
    const unasked = openRun({ ...asking, like: recording.like }, { pair: exchangedPair(recording)! }, 'seed')
    await expect(unasked.cases!('abc').of(unasked.candidate)).rejects.toThrow(/version/)
  })
})

it('measured elsewhere, the champion has examples of its own, and the candidate others', async () => {
  const gate = recording.examples.gate
  const weights = Float64Array.from(gate.labels, (label) => (label === 1 ? 9 : 1))
  const run = openRun(recording, { pair: samePair(recording), weights, isElsewhere: true }, 'seed')
  const share = (labels: Int32Array) => labels.filter((label) => label === 1).length / labels.length
  const there = await run.champion!.elsewhere!()
  expect(there.predictions.labels).toEqual(there.examples.labels)
  // Half are of the second class: 9 of 10 where it is nine times as likely. Standard deviations under .023.
  expect(Math.abs(share(there.examples.labels) - share(gate.labels))).toBeLessThan(0.09)
  expect(share((await run.examples('gate')).labels)).toBeGreaterThan(0.8)
})
