import { describe, expect, it } from '@jest/globals'
import { makeRng } from '@panal/client-core'
import type { Predictions } from '@panal/server'
import { forget } from '../../../../../server/src/gate/calibrate/changes/forget.ts'
import { noise } from '../../../../../server/src/gate/calibrate/changes/noise.ts'
import { scramble } from '../../../../../server/src/gate/calibrate/changes/scramble.ts'
import { swapClasses } from '../../../../../server/src/gate/calibrate/changes/swap-classes.ts'
import { temperature } from '../../../../../server/src/gate/calibrate/changes/temperature.ts'
import { asRecorded } from '../../../../../server/src/gate/calibrate/draw-sets.ts'
import type { Change } from '../../../../../server/src/gate/calibrate/side.ts'
import { membersOf } from '../../../../../server/src/gate/calibrate/where.ts'
import { predictedClasses } from '../../../../../server/src/gate/statistics/accuracy.ts'
import { meanLogLoss } from '../../../../../server/src/gate/statistics/log-loss.ts'
import { firstImproperRow } from '../../../../../server/src/gate/statistics/probability-rows.ts'
import { recordingOf } from '../../../../fixtures/calibration-recording.ts'

const recording = recordingOf({ numExamples: 4000 })
const { gate } = recording.examples
const before: Predictions = { probabilities: recording.champion.on.gate, labels: gate.labels, numClasses: 2 }
const inVans = [{ column: 'home', value: 'van' }]
const vans = membersOf(gate, inVans)

function after(change: Change, seed = 1): Predictions {
  const probabilities = before.probabilities.slice()
  change({ drawn: asRecorded(gate, makeRng(0)), probabilities, numClasses: 2 }, makeRng(seed))
  return { ...before, probabilities }
}

const right = (predictions: Predictions): Uint8Array =>
  Uint8Array.from(predictedClasses(predictions), (answer, row) => Number(answer === gate.labels[row]))
const accuracyOn = (predictions: Predictions, rows: Int32Array): number => {
  const found = right(predictions)
  return rows.filter((row) => found[row] === 1).length / rows.length
}
/** Compared many times faster than thousands of numbers are. */
const bytes = ({ probabilities }: Predictions): string => Buffer.from(probabilities.buffer).toString('base64')
const answersTo = ({ probabilities }: Predictions, rows: Int32Array): number[] =>
  [...rows].map((row) => probabilities[2 * row]!)
const all = Int32Array.from(gate.labels.keys())

describe('every change', () => {
  const changes = {
    forget: forget(recording, [], 0.3),
    noise: noise(0.5),
    scramble: scramble(inVans),
    swap: swapClasses(0, 1),
    temperature: temperature(2),
  }
  it.each(Object.entries(changes))('%s leaves distributions, and is the same for the same chance', (_, change) => {
    expect(firstImproperRow(after(change))).toBe(-1)
    expect(bytes(after(change))).toBe(bytes(after(change)))
    expect(bytes(after(change))).not.toBe(bytes(before))
  })
})

describe('forgetting', () => {
  it('makes a right answer wrong with its rate, in its segment', () => {
    // About 400 in vans, 80 % of them right: a rate of .25 costs 20 points, standard deviation 1.9.
    const forgotten = after(forget(recording, inVans, 0.25))
    const fall = accuracyOn(before, vans) - accuracyOn(forgotten, vans)
    expect(Math.abs(fall - 0.25 * accuracyOn(before, vans))).toBeLessThan(4 * 0.02)
  })
  it('touches no other example, and makes no wrong answer right', () => {
    const forgotten = after(forget(recording, inVans, 1))
    const isVan = new Set(vans)
    const wasRight = right(before)
    const untouched = all.filter((row) => !isVan.has(row) || wasRight[row] === 0)
    expect(answersTo(forgotten, untouched)).toEqual(answersTo(before, untouched))
    expect(accuracyOn(forgotten, vans)).toBe(0)
  })
  it('errs as surely as the model does by itself', () => {
    const wasRight = right(before)
    const sureness = (predictions: Predictions, row: number) => predictions.probabilities[2 * row + gate.labels[row]!]!
    const known = new Set([...all.filter((row) => wasRight[row] === 0)].map((row) => sureness(before, row)))
    const forgotten = after(forget(recording, inVans, 1))
    const planted = vans.filter((row) => wasRight[row] === 1)
    expect(planted.length).toBeGreaterThan(100)
    expect([...planted].filter((row) => !known.has(sureness(forgotten, row)))).toEqual([])
  })
  it('of a model without a mistake turns the answer round', () => {
    const probabilities = new Float32Array(2 * gate.numExamples)
    gate.labels.forEach(
      (label, row) => (probabilities.set([0.1, 0.1], 2 * row), (probabilities[2 * row + label] = 0.9)),
    )
    const champion = { ...recording.champion, on: { ...recording.champion.on, gate: probabilities.slice() } }
    forget(
      { ...recording, champion },
      [],
      1,
    )({ drawn: asRecorded(gate, makeRng(0)), probabilities, numClasses: 2 }, makeRng(1))
    expect(probabilities).toEqual(Float32Array.from(champion.on.gate, (p) => (p > 0.5 ? 0.1 : 0.9)))
  })
})

describe('the others', () => {
  it('noise makes two models that are equally good', () => {
    const [one, other] = [after(noise(0.5), 1), after(noise(0.5), 2)]
    expect(bytes(one)).not.toBe(bytes(other))
    // Paired difference of losses of 4,000: standard error .006 as measured.
    expect(Math.abs(meanLogLoss(one) - meanLogLoss(other))).toBeLessThan(4 * 0.006)
  })
  it('a temperature divides logits and changes no answer', () => {
    const divided = after(temperature(2))
    expect(predictedClasses(divided)).toEqual(predictedClasses(before))
    const logit = ({ probabilities }: Predictions, row: number) =>
      Math.log(probabilities[2 * row + 1]! / probabilities[2 * row]!)
    for (const row of [0, 1, 2, 3]) expect(logit(divided, row)).toBeCloseTo(logit(before, row) / 2, 4)
  })
  it('swapped classes are right where the model was wrong', () => {
    expect(accuracyOn(after(swapClasses(0, 1)), all)).toBeCloseTo(1 - accuracyOn(before, all), 10)
  })
  it('scrambling gives each example of the segment the answer to any one', () => {
    const scrambled = after(scramble(inVans))
    const known = new Set(answersTo(before, all))
    expect(answersTo(scrambled, vans).filter((p) => !known.has(p))).toEqual([])
    // Half of the answers are of either class, whatever is true: .5, standard deviation .025 of 400.
    expect(Math.abs(accuracyOn(scrambled, vans) - 0.5)).toBeLessThan(0.1)
    const isVan = new Set(vans)
    const rest = all.filter((row) => !isVan.has(row))
    expect(answersTo(scrambled, rest)).toEqual(answersTo(before, rest))
  })
})
