import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { Value } from 'typebox/value'
import { readDataset, type Dataset } from '@panal/client-core'
import { setNames, taskNames, tasks, type PreparedTask, type StoredData } from '@panal/simulations'
import { segmentColumnNames, TaskDocument } from '@panal/server'

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** What a blob store would answer. */
const stored = ({ sets, cases, samples }: PreparedTask): StoredData => ({
  cases: sha256(cases),
  sets: { evaluation: sha256(sets.evaluation), calibration: sha256(sets.calibration), gate: sha256(sets.gate) },
  samples: samples.map(({ label, numExamples, bytes }) => ({ label, numExamples, sha256: sha256(bytes) })),
})

const contents = ({ x, numExamples }: Dataset): string[] => {
  const width = x.length / numExamples
  return Array.from({ length: numExamples }, (_, i) => {
    const example = x.subarray(i * width, (i + 1) * width)
    return sha256(new Uint8Array(example.buffer, example.byteOffset, example.byteLength))
  })
}

describe.each(taskNames)('task %s', (name) => {
  let prepared: PreparedTask
  let document: TaskDocument
  let sets: Record<(typeof setNames)[number], Dataset>
  beforeAll(async () => {
    prepared = await tasks[name]({ seed: 1 })
    document = prepared.document(stored(prepared))
    const read = (set: (typeof setNames)[number]) => readDataset(prepared.sets[set], document.data)
    sets = { evaluation: read('evaluation'), calibration: read('calibration'), gate: read('gate') }
  })

  it('has a document that its schema accepts', () => {
    expect([...Value.Errors(TaskDocument, document)]).toEqual([])
    expect(document.id).toBe(name)
  })

  it('keeps training, evaluation, calibration and gate apart by content', () => {
    const groups = [prepared.training, ...setNames.map((set) => sets[set])].map((dataset) => new Set(contents(dataset)))
    const union = new Set(groups.flatMap((group) => [...group]))
    expect(union.size).toBe(groups.reduce((sum, group) => sum + group.size, 0))
  })

  it('has samples that its schema reads, of the size that the document says', () => {
    expect(document.samples.length).toBeGreaterThan(0)
    for (const [index, { bytes }] of prepared.samples.entries())
      expect(readDataset(bytes, document.data).numExamples).toBe(document.samples[index]!.numExamples)
  })

  it('has cases that its schema reads, of every class', () => {
    const { numExamples, y } = readDataset(prepared.cases, document.data)
    expect(new Set(y).size).toBe(document.data.classes.length)
    expect(numExamples).toBe(2 * document.data.classes.length)
  })

  it('has every class in each set', () => {
    for (const set of setNames) expect(new Set(sets[set].y).size).toBe(document.data.classes.length)
  })

  it('prepares the same bytes from the same seed', async () => {
    expect(stored(await tasks[name]({ seed: 1 }))).toEqual(stored(prepared))
    expect(stored(await tasks[name]({ seed: 2 })).sets).not.toEqual(document.sets)
  })

  it('judges only by segments that its evaluation data has', () => {
    const columns = ['label', ...Object.keys(sets.gate.columns ?? {})]
    expect(segmentColumnNames(document.segments).filter((name) => !columns.includes(name))).toEqual([])
  })
})

describe('splits', () => {
  it('digits: 60,000 training images, and 3,000, 2,000 and 5,000 of the 10,000 test images', async () => {
    const { training, sets } = await tasks.digits({ seed: 1 })
    const size = (bytes: Uint8Array) => Math.floor(bytes.length / 785)
    expect([training.numExamples, size(sets.evaluation), size(sets.calibration), size(sets.gate)]).toEqual([
      60_000, 3000, 2000, 5000,
    ])
  })

  it('credit: standardises by the devices’ part, which so has mean 0 and deviation 1', async () => {
    const prepared = await tasks.credit({ seed: 1 })
    const { training } = prepared
    const [width] = training.inputShape as [number]
    const seniority = Array.from({ length: training.numExamples }, (_, row) => training.x[row * width]!)
    const mean = seniority.reduce((sum, value) => sum + value, 0) / seniority.length
    const variance = seniority.reduce((sum, value) => sum + (value - mean) ** 2, 0) / seniority.length
    expect(mean).toBeCloseTo(0, 3)
    expect(variance).toBeCloseTo(1, 3)
  })
})
