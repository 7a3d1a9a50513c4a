import { createHash } from 'node:crypto'
import { clientsNamed } from '../clients.ts'
import type { Evaluation, Examples, JudgedModel, JudgedSet, Predictions, SegmentColumn } from '../contract.ts'
import { labelColumn } from '../segment-profile.ts'
import type { SegmentSpec } from '../segments.ts'
import type {} from './cells.ts'
import { contentsOf } from './contents.ts'
import { readRows, type RecordedRows } from './read-rows.ts'
import { listed, RecordedError } from './recorded-error.ts'
import { segmentRecorded, type RecordedSegments } from './recorded-segments.ts'
import { assignRoles, modelNames, type ColumnNames, type ModelName, type Roles } from './roles.ts'
import { orderByContent, orderById, type RowOrder } from './row-order.ts'
import { setsOf, type RowSets, type SetName } from './row-sets.ts'
import type { TableFile } from './table-file.ts'

/** What is asked of recorded predictions. */
export interface RecordedRequest {
  readonly name: string
  readonly columns: ColumnNames
  /** Columns, or several crossed: `job+home`. */
  readonly segments: readonly string[]
  /** Of the rows, to be set aside for calibration; left out: every row judges. */
  readonly calibrationShare?: number
  readonly seed: number
}

/** A file as the gate's checks see it. */
export interface RecordedEvaluation {
  readonly evaluation: Evaluation
  readonly roles: Roles
  readonly sets: RowSets
  readonly segments: RecordedSegments
  readonly classes: readonly string[]
}

/**
 * Reads a file into an evaluation whose models answer with what was recorded, and cannot be run. Law: nothing in it depends
 * on the order of the file's rows or columns, but `Examples.rows`.
 * @throws RecordedError
 */
export async function openRecorded(file: TableFile, request: RecordedRequest): Promise<RecordedEvaluation> {
  const roles = assignRoles(request.columns, file.columns)
  const declared = namedSegments(request.segments, roles)
  const recorded = await readRows(file, roles)
  const order = roles.id === undefined ? orderByContent(recorded) : orderById(recorded)
  const sets = setsOf(recorded, order, request.calibrationShare)
  const labels = order.rows.map((row) => recorded.labels[row]!)
  const { classes, features } = recorded
  const segments = segmentRecorded({ classes, labels, rows: order.rows, features, fitTo: sets.evaluation }, declared)
  const examples = examplesOf({ recorded, roles, order, sets, segments, labels })
  const models = modelsOf(recorded, { roles, order, sets, labels })
  const candidate = models.candidate!
  const champion = models.champion ?? null
  return {
    roles,
    sets,
    segments,
    classes,
    evaluation: {
      document: { id: request.name, seed: request.seed, segments: [...declared] },
      candidate: candidate.judged,
      base: (champion ?? candidate).judged,
      champion: champion?.judged ?? null,
      anchor: models.anchor?.judged ?? null,
      examples: async (set) => examples[set],
      calibration: sets.calibration && {
        examples: async () => examples.calibration,
        of: async (model) => {
          const known = Object.values(models).find(({ judged }) => judged === model)
          if (known === undefined) throw new Error('the model is not of this evaluation')
          return known.on.calibration
        },
      },
      looks: null,
      seed: `${request.seed}/${candidate.judged.weightsSha256}`,
    },
  }
}

/** By the name of the label's column or by `label`, the true class is meant. @throws RecordedError 'unknown-column' */
function namedSegments(segments: readonly string[], { label, features }: Roles): SegmentSpec[] {
  const known = new Set([...features, label, labelColumn])
  const columnNamed = (text: string): string => {
    const name = text.trim()
    if (!known.has(name))
      throw new RecordedError('unknown-column', `--segments: the data have no other column ${name}. There are:`, [
        ...listed([labelColumn, ...features]),
      ])
    return name === label ? labelColumn : name
  }
  return segments.map((text) => {
    if (known.has(text) || !text.includes('+')) return columnNamed(text)
    return { columns: [...new Set(text.split('+').map(columnNamed))] }
  })
}

interface Ordered {
  readonly recorded: RecordedRows
  readonly roles: Roles
  readonly order: RowOrder
  readonly sets: RowSets
  readonly segments: RecordedSegments
  /** [numRows] in the row order. */
  readonly labels: Int32Array
}

function examplesOf({ recorded, roles, order, sets, segments, labels }: Ordered): Record<SetName, Examples> {
  const { classes, clients } = recorded
  const named = clients && clientsNamed(Array.from(order.rows, (row) => clients.values[clients.codes[row]!]!))
  const contents = contentsOf(recorded, roles)
  const of = (places: Int32Array): Examples => {
    const ids = Array.from(places, (place) => order.ids[place]!)
    const own = places.map((place) => labels[place]!)
    const pick = ({ codes, ...column }: SegmentColumn): SegmentColumn => ({
      ...column,
      codes: places.map((place) => codes[place]!),
    })
    return {
      numExamples: places.length,
      datasetSha256: digestOf(ids, own, classes),
      classes,
      labels: own,
      ids,
      contents: 'because' in contents ? contents : Float64Array.from(places, (place) => contents[order.rows[place]!]!),
      rows: places.map((place) => order.rows[place]!),
      segments: segments.columns.map(pick),
      profileSha256: segments.profileSha256,
      ...(named && { ...named, clusters: places.map((place) => named.clusters[place]!) }),
    }
  }
  const gate = of(sets.gate)
  return {
    gate,
    evaluation: sets.evaluation === sets.gate ? gate : of(sets.evaluation),
    calibration: of(sets.calibration ?? new Int32Array(0)),
  }
}

/** Of the ids and the labels: the same rows have it in any order, and in any file. */
function digestOf(ids: readonly string[], labels: Int32Array, classes: readonly string[]): string {
  const hash = createHash('sha256')
  ids.forEach((id, i) => hash.update(`${JSON.stringify([id, classes[labels[i]!]])}\n`))
  return hash.digest('hex')
}

interface RecordedModel {
  readonly judged: JudgedModel
  readonly on: Readonly<Record<SetName, Predictions>>
}

/** There are no versions: numbers that tell the three apart stand for them. */
const versions: Readonly<Record<ModelName, number>> = { anchor: 0, champion: 1, candidate: 2 }

function modelsOf(
  { probabilities, classes, numRows }: RecordedRows,
  { roles, order, sets, labels }: Pick<Ordered, 'roles' | 'order' | 'sets' | 'labels'>,
): Partial<Record<ModelName, RecordedModel>> {
  const numClasses = classes.length
  const found: Partial<Record<ModelName, RecordedModel>> = {}
  for (const name of modelNames) {
    const recorded = probabilities[name]
    if (recorded === undefined) continue
    const take = (places: Int32Array): Predictions => ({
      probabilities: gather(
        recorded,
        places.map((place) => order.rows[place]!),
        numClasses,
      ),
      labels: places.map((place) => labels[place]!),
      numClasses,
    })
    const gate = take(sets.gate)
    const on = {
      gate,
      evaluation: sets.evaluation === sets.gate ? gate : take(sets.evaluation),
      calibration: take(sets.calibration ?? new Int32Array(0)),
    }
    const all = gather(recorded, order.rows, numClasses)
    found[name] = {
      on,
      judged: {
        version: versions[name],
        weightsSha256: answersSha256(roles.models[name]!.columns, all, numRows),
        on: async (set: JudgedSet) => on[set],
      },
    }
  }
  return found
}

function gather(probabilities: Float32Array, rows: Int32Array, width: number): Float32Array {
  const taken = new Float32Array(rows.length * width)
  rows.forEach((row, i) => taken.set(probabilities.subarray(row * width, (row + 1) * width), i * width))
  return taken
}

/**
 * Stands for the digest of the weights, which nobody has: of the answers and of the names of their columns. Only a column
 * that is named twice is surely one model; two that give the same answers are judged.
 */
const answersSha256 = (columns: readonly string[], answers: Float32Array, numRows: number): string =>
  createHash('sha256')
    .update(JSON.stringify([columns, numRows]))
    .update(new Uint8Array(answers.buffer, answers.byteOffset, answers.byteLength))
    .digest('hex')
