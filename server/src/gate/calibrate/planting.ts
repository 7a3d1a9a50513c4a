import { makeRng } from '@panal/client-core'
import { outcomesOf } from '../compared.ts'
import type { Predictions } from '../contract.ts'
import { segmentPower } from '../segment-power.ts'
import { declaredSegments } from '../segments.ts'
import { predictedClasses } from '../statistics/accuracy.ts'
import { asRecorded } from './draw-sets.ts'
import { usualPair } from './equal-pairs.ts'
import type { RecordedModel, Recording } from './recording.ts'
import { answersOf } from './side.ts'
import { membersOf, type Where } from './where.ts'

/** A segment that a fault can be planted in. */
export interface Plantable {
  readonly name: string
  readonly where: Where
  readonly numExamples: number
  /** Of the models that a candidate is made of, on the gate set; over 0. */
  readonly accuracy: number
}

/** Declared segments that the check `segments` tests. */
export interface TestedSegments {
  /** With examples enough to be sure of finding a fall that it is to find. */
  readonly gating: readonly Plantable[]
  readonly small: readonly Plantable[]
}

/** As the check tells them apart, with the pair that faults are put into. */
export function testedSegments(recording: Recording): TestedSegments {
  const { gate, calibration, evaluation } = recording.examples
  const pair = usualPair(recording)
  const recorded = (of: typeof gate) => asRecorded(of, makeRng('planting/coins'))
  const drawn = { gate: recorded(gate), calibration: recorded(calibration), evaluation: recorded(evaluation) }
  const answers = (side: 'candidate' | 'champion'): Predictions =>
    answersOf(pair[side], drawn, `planting/${side}`).on('gate')
  const outcomes = outcomesOf({ candidate: answers('candidate'), reference: answers('champion') })
  const { detectable, q } = settingsOf(recording, 'segments')
  const segments = declaredSegments(recording.task.segments, gate)
  const tested = segmentPower(outcomes, segments, { detectable: detectable ?? 0.1, ...(q !== undefined && { q }) })
    .filter(({ isTested }) => isTested)
    .map(({ segment: { name, where, rows }, isGating }) => {
      const accuracy = accuracyIn(recording, where)
      return { isGating, plantable: { name, where, numExamples: rows.length, accuracy } }
    })
    // What is never right cannot get worse.
    .filter(({ plantable }) => plantable.accuracy > 0)
  const those = (gate: boolean) => tested.flatMap(({ isGating, plantable }) => (isGating === gate ? plantable : []))
  return { gating: those(true), small: those(false) }
}

/** The segment of 30 examples or more in which the champion is right least often. */
export function hardestSegment(recording: Recording): Plantable | undefined {
  const { gate } = recording.examples
  const large = declaredSegments(recording.task.segments, gate).filter(({ rows }) => rows.length >= 30)
  const found = large.map(({ name, where, rows }) => ({
    name,
    where,
    numExamples: rows.length,
    accuracy: accuracyIn(recording, where),
  }))
  return found.sort((a, b) => a.accuracy - b.accuracy || (a.name < b.name ? -1 : 1))[0]
}

/** How often the models of a candidate are right in a segment of the gate set, on average. */
export function accuracyIn({ examples: { gate }, champion, like }: Recording, where: Where): number {
  const places = membersOf(gate, where)
  const rightShare = ({ on }: RecordedModel): number => {
    const predictions = { probabilities: on.gate, labels: gate.labels, numClasses: gate.classes.length }
    const answers = predictedClasses(predictions)
    return places.filter((place) => answers[place] === gate.labels[place]).length / places.length
  }
  const shares = [champion, ...(like === null ? [] : [like])].map(rightShare)
  return shares.reduce((sum, share) => sum + share, 0) / shares.length
}

interface MarginSettings {
  readonly margin?: number
  readonly detectable?: number
  readonly q?: number
}

/** Of the task's check of this name; of `no-regression` that of accuracy against the champion. */
function settingsOf({ checks }: Recording, name: 'segments' | 'no-regression'): MarginSettings {
  for (const check of checks) {
    if (check.name === 'segments' && name === 'segments') return check
    if (check.name === 'no-regression' && name === 'no-regression')
      if (check.metric === 'accuracy' && check.against === 'champion') return check
  }
  return {}
}

const defaultMargins = { segments: 0.02, 'no-regression': 0.01 } as const

/** A fall of accuracy that matters, as the task says; as the check does by default where it does not. */
export const marginOf = (recording: Recording, name: keyof typeof defaultMargins): number =>
  settingsOf(recording, name).margin ?? defaultMargins[name]
