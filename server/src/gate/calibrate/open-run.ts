import { makeRng } from '@panal/client-core'
import type { Evaluation, JudgedModel } from '../contract.ts'
import { asRecorded, drawSet, type DrawnSet } from './draw-sets.ts'
import type { RecordedModel, Recording, SetName } from './recording.ts'
import { answersOf, type Answers, type Pair } from './side.ts'

/** Who stands at the gate in a run, and before which examples. */
export interface Staged {
  readonly pair: Pair
  /** [numExamples of the gate set] how likely each example is drawn, relative to the others. */
  readonly weights?: Float64Array
  /** The champion was measured on examples of its own, drawn without those weights. */
  readonly isElsewhere?: boolean
  /** The part of the examples that it is about. */
  readonly about?: string
}

/**
 * One run as the checks see it: sets drawn from the recorded ones, and two models that answer them as recorded, changed as
 * staged. What a run cannot know is absent: how often the set was looked at, whether a model answers the same twice, the
 * digests that the task names. No model has a stored calibrator: that of a champion was fitted on the split that candidates
 * are fitted on, so here it is fitted on the drawn one, as theirs are. The same recording, stage and seed give the same
 * evaluation. Which examples are drawn depends on the seed alone, so that runs of different stages can be compared.
 */
export function openRun(recording: Recording, { pair, weights, isElsewhere }: Staged, seed: string): Evaluation {
  const { examples, champion: recorded } = recording
  const draw = (set: SetName): DrawnSet =>
    drawSet(examples[set], makeRng(`${seed}/draw/${set}`), set === 'gate' ? weights : undefined)
  const drawn = { evaluation: draw('evaluation'), calibration: draw('calibration'), gate: draw('gate') }
  const own = answersOf(pair.candidate, drawn, `${seed}/candidate`)
  const theirs = answersOf(pair.champion, drawn, `${seed}/champion`)
  const candidate = judgedModel({ ...recorded, weightsSha256: `candidate against ${recorded.weightsSha256}` }, own)
  const champion = {
    ...judgedModel(recorded, theirs),
    ...(isElsewhere === true && measuredElsewhere(recording, pair, seed)),
  }
  const sideOf = (model: JudgedModel): Answers => {
    if (model === candidate) return own
    if (model === champion) return theirs
    throw new Error('only candidate and champion are asked that')
  }
  const anchor = anchorOf(recording, { champion, drawn, seed })
  return {
    document: recording.task,
    candidate,
    base: champion,
    champion,
    anchor,
    examples: async (set) => drawn[set].examples,
    calibration: {
      examples: async () => drawn.calibration.examples,
      of: async (model) => sideOf(model).on('calibration'),
    },
    cases: (sha256) => {
      const recordedCases = recording.cases.get(sha256)
      if (recordedCases === undefined) throw new Error(`no cases were recorded of ${sha256}`)
      const once = asRecorded(recordedCases, makeRng(`${seed}/cases`))
      return { examples: async () => recordedCases, of: async (model) => sideOf(model).onCases(sha256, once) }
    },
    baseline: async (baseline) => {
      const known = recording.baselines.get(JSON.stringify(baseline))
      if (known === undefined) throw new Error(`no answers were recorded of ${JSON.stringify(baseline)}`)
      const { numClasses, areProbabilities } = known
      const probabilities = rowsOf(known.probabilities, drawn.gate.rows, numClasses)
      return { probabilities, labels: drawn.gate.examples.labels, numClasses, areProbabilities }
    },
    looks: null,
    seed,
  }
}

function judgedModel({ version, weightsSha256, params }: RecordedModel, { on, under }: Answers): JudgedModel {
  return {
    version,
    weightsSha256,
    params: async () => params,
    on: async (set) => on(set),
    ...(under !== undefined && { under: async (set, variation) => under(set, variation) }),
  }
}

function measuredElsewhere({ examples }: Recording, { champion }: Pair, seed: string): Pick<JudgedModel, 'elsewhere'> {
  const gate = drawSet(examples.gate, makeRng(`${seed}/draw/elsewhere`))
  const there = answersOf(champion, { evaluation: gate, calibration: gate, gate }, `${seed}/elsewhere`)
  return { elsewhere: async () => ({ examples: gate.examples, predictions: there.on('gate') }) }
}

function anchorOf(
  { anchor, champion: recorded }: Recording,
  { champion, drawn, seed }: { champion: JudgedModel; drawn: Readonly<Record<SetName, DrawnSet>>; seed: string },
): JudgedModel | null {
  if (anchor === null || anchor.weightsSha256 === recorded.weightsSha256) return anchor && champion
  return judgedModel(anchor, answersOf({ model: anchor, changes: [] }, drawn, `${seed}/anchor`))
}

function rowsOf(probabilities: Float32Array, rows: Int32Array, width: number): Float32Array {
  const gathered = new Float32Array(rows.length * width)
  rows.forEach((row, at) => gathered.set(probabilities.subarray(row * width, (row + 1) * width), at * width))
  return gathered
}
