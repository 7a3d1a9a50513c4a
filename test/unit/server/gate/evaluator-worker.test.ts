import { afterAll, describe, expect, it } from '@jest/globals'
import { readDataset } from '@panal/client-core'
import type { Baseline, TaskDocument } from '@panal/server'
import { makeEvaluator } from '../../../../server/src/gate/evaluator.ts'
import { examineDataset } from '../../../../server/src/gate/examine-dataset.ts'
import { gateDocument } from '../../../fixtures/gate-evaluation.ts'

const never = new AbortController().signal
const csv: Readonly<Record<string, string>> = {
  table: 'a,label\n0,no\n1,yes\n2,no\n-3,yes\n',
  rising: ['a,label', ...Array.from({ length: 100 }, (_, i) => `${i / 10 - 5},${i > 50 ? 'yes' : 'no'}`)].join('\n'),
  record: 'prediction\nyes\nyes\nno\nno\n',
  // The same examples in another order, and whose each is.
  owned: 'a,bank,label\n-3,Zeta,yes\n2,Alpha,no\n1,Zeta,yes\n0,,no\n',
  broken: 'b,label\n0,no\n',
  large: ['a,label', ...Array.from({ length: 50_000 }, (_, i) => `${i},no`)].join('\n'),
}
const [head, ...rows] = csv['rising']!.split('\n')
const files: Readonly<Record<string, string>> = { ...csv, falling: [head, ...rows.reverse()].join('\n') }
const evaluator = makeEvaluator({ readBlob: (sha256) => Promise.resolve(Buffer.from(files[sha256] ?? '')) })
afterAll(() => evaluator.close())

const document = gateDocument()
const binary: TaskDocument = { ...document, loss: 'binary-crossentropy' }
const tableSets = { evaluation: 'table', calibration: 'table', gate: 'table' }
const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z))

/** Values of the table's four examples, as its file has them. */
async function inFileOrder(values: ArrayLike<number>): Promise<number[][]> {
  const { rows } = await evaluator.describe(
    { document: { ...document, sets: tableSets }, datasetSha256: 'table' },
    never,
  )
  const width = values.length / rows.length
  const ordered: number[][] = []
  rows.forEach((row, i) => (ordered[row] = Array.from({ length: width }, (_, j) => values[i * width + j]!)))
  return ordered
}

function expectClose(actual: readonly number[][], expected: readonly number[][]): void {
  expect(actual.map((row) => row.length)).toEqual(expected.map((row) => row.length))
  expected.flat().forEach((p, i) => expect(actual.flat()[i]).toBeCloseTo(p, 6))
}

describe('the evaluation worker, showing examples', () => {
  it('shows what the file has, in the order that is asked for', async () => {
    const request = { document: { ...document, sets: tableSets }, datasetSha256: 'table' }
    const { rows } = await evaluator.describe(request, never)
    const places = Int32Array.of(2, 0, 3)
    const shown = await evaluator.show({ ...request, places }, never)
    const inFile = [
      { a: '0', label: 'no' },
      { a: '1', label: 'yes' },
      { a: '2', label: 'no' },
      { a: '-3', label: 'yes' },
    ]
    expect(shown).toEqual(Array.from(places, (place) => ({ columns: inFile[rows[place]!] })))
  })
})

describe('the evaluation worker, training on a root set', () => {
  const request = { document, base: new Float32Array(4), datasetSha256: 'rising', seed: 'a round' }

  it('moves the base by the task’s plan, to the same bytes each time and whatever the order of the file', async () => {
    const update = await evaluator.train(request, never)
    expect(update.delta).toHaveLength(4)
    expect(Math.hypot(...update.delta)).toBeGreaterThan(0.01)
    expect(await evaluator.train(request, never)).toEqual(update)
    expect(await evaluator.train({ ...request, datasetSha256: 'falling' }, never)).toEqual(update)
    expect((await evaluator.train({ ...request, seed: 'another round' }, never)).delta).not.toEqual(update.delta)
  })

  it('says on what: the backend, its version, and whether it has SIMD', async () => {
    const { backend } = await evaluator.train(request, never)
    expect(backend).toMatch(/^TensorFlow\.js \d+\.\d+\.\d+ on wasm, SIMD$/)
  })

  it('stops when it is told to', async () => {
    const stop = new AbortController()
    const training = evaluator.train({ ...request, datasetSha256: 'large' }, stop.signal)
    stop.abort(new Error('enough'))
    await expect(training).rejects.toThrow('enough')
  })
})

describe('the evaluation worker, examining data', () => {
  const { data } = document
  it('answers what examining in this thread does', async () => {
    const examination = await evaluator.examine('table', data)
    expect(examination).toEqual(examineDataset(Buffer.from(csv['table']!), data))
    expect(examination).toMatchObject({ numExamples: 4, columns: ['a', 'label'] })
    expect(examination.contents).toHaveLength(4)
  })
  it('digests the profile that describing by the same evaluation set goes by', async () => {
    const request = { document: { ...document, sets: { ...tableSets, evaluation: 'rising' } }, datasetSha256: 'table' }
    const { profileSha256 } = await evaluator.describe(request, never)
    expect(await evaluator.profile('rising', data, document.segments)).toBe(profileSha256)
    expect(await evaluator.profile('table', data, document.segments)).not.toBe(profileSha256)
  })
  it('says with its code that a dataset does not fit its schema', async () => {
    await expect(evaluator.examine('broken', data)).rejects.toMatchObject({
      code: 'invalid-dataset',
      message: expect.stringContaining('column a'),
    })
    await expect(evaluator.examine('none', data)).rejects.toMatchObject({ code: 'invalid-dataset' })
  })
  it('leaves the main thread to others meanwhile', async () => {
    await evaluator.examine('table', data)
    let numTurns = 0
    let over = false
    const turn = (): void => {
      numTurns += 1
      if (!over) setImmediate(turn)
    }
    setImmediate(turn)
    // 0.2 s and more of reading and hashing, in which this thread would take no turn if it did the work
    expect(await evaluator.examine('large', data)).toMatchObject({ numExamples: 50_000 })
    over = true
    expect(numTurns).toBeGreaterThan(100)
  })
})

describe('the evaluation worker, describing data', () => {
  const described = (datasetSha256: string, evaluation = 'table') =>
    evaluator.describe({ document: { ...document, sets: { ...tableSets, evaluation } }, datasetSha256 }, never)

  it('names the examples, their labels and their segments, in canonical order', async () => {
    const examples = await described('table')
    const { columns } = readDataset(Buffer.from(csv['table']!), document.data)
    expect(examples).toMatchObject({ numExamples: 4, datasetSha256: 'table', classes: ['no', 'yes'] })
    expect(examples.ids).toEqual([...examples.ids].sort())
    const labels = Array.from(examples.labels, (label) => examples.classes[label])
    expect(labels).toEqual(Array.from(examples.rows, (row) => columns!['label']![row]))
    expect(examples.segments.map(({ name }) => name)).toEqual(['label', 'a'])
    // a = −3, 0, 1, 2: deciles are themselves
    expect(examples.segments[1]?.values).toEqual(['< 0', '[0, 1)', '[1, 2)', '≥ 2'])
  })
  it('tells whose each example is by numbers, where the task names a column; ids and segments know nothing of it', async () => {
    const owned = { ...document, clientColumn: 'bank', sets: { ...tableSets, evaluation: 'owned' } }
    const examples = await evaluator.describe({ document: owned, datasetSha256: 'owned' }, never)
    // '' < Alpha < Zeta: 0, 1 and 2. In the file's order: Zeta, Alpha, Zeta, ''.
    const inFile = new Int32Array(4)
    examples.rows.forEach((row, i) => (inFile[row] = examples.clusters![i]!))
    expect([...inFile]).toEqual([2, 1, 2, 0])
    const { clusters, clusterIds, rows, datasetSha256, ...known } = examples
    const { rows: _, datasetSha256: __, ...without } = await described('table')
    expect(known).toEqual(without)
    expect([clusters?.length, rows.length, datasetSha256]).toEqual([4, 4, 'owned'])
    // printf '' | sha256sum
    expect([clusterIds?.length, clusterIds?.[0]]).toEqual([3, 'e3b0c44298fc1c14'])
    expect(JSON.stringify(examples)).not.toContain('Zeta')
  })
  it('does not show it to whoever looks at examples', async () => {
    const request = { datasetSha256: 'owned', places: Int32Array.of(0) }
    const [shown] = await evaluator.show({ document: { ...document, clientColumn: 'bank' }, ...request }, never)
    expect(Object.keys(shown!.columns!)).toEqual(['a', 'label'])
    const [all] = await evaluator.show({ document, ...request }, never)
    expect(Object.keys(all!.columns!)).toEqual(['a', 'bank', 'label'])
  })
  it('fails in plain words where a set lacks it', async () => {
    const request = { document: { ...document, clientColumn: 'bank', sets: tableSets }, datasetSha256: 'table' }
    await expect(evaluator.describe(request, never)).rejects.toThrow('no column bank to tell clients by')
  })
  it('bins every set by the evaluation set’s profile', async () => {
    const [own, others] = [await described('large', 'large'), await described('large')]
    expect(others.segments[1]?.values).toEqual(['< 0', '[0, 1)', '[1, 2)', '≥ 2'])
    expect(others.profileSha256).toBe((await described('table')).profileSha256)
    expect(others.profileSha256).not.toBe(own.profileSha256)
  })
})

describe('the evaluation worker, answering by baselines', () => {
  const asked = (baseline: Baseline) =>
    evaluator.baseline({ document: { ...document, sets: { ...tableSets, evaluation: 'rising' } }, baseline }, never)

  it('fits to the evaluation set and answers the gate set', async () => {
    const found = await asked({ kind: 'logistic', ridge: 0.01 })
    // In `rising` whoever has a > 0 is a yes; the table's a are 0, 1, 2 and −3.
    const answers = (await inFileOrder(found.probabilities)).map(([no, yes]) => yes! > no!)
    expect(answers.slice(1)).toEqual([true, true, false])
    expect(await inFileOrder(found.labels)).toEqual([[0], [1], [0], [1]])
  })
  it('answers by a rule and from a record', async () => {
    const rule = { column: 'a', op: '>', value: 0, then: 'yes', otherwise: 'no' } as const
    expect(await inFileOrder((await asked({ kind: 'rule', rule })).probabilities)).toEqual([
      [1, 0],
      [0, 1],
      [0, 1],
      [1, 0],
    ])
    const recorded = await asked({ kind: 'recorded', sha256: 'record' })
    expect(await inFileOrder(recorded.probabilities)).toEqual([
      [0, 1],
      [0, 1],
      [1, 0],
      [1, 0],
    ])
  })
  it('says why it cannot', async () => {
    await expect(asked({ kind: 'recorded', sha256: 'table' })).rejects.toThrow('neither a column for each class')
  })
})

describe('the evaluation worker, with real models', () => {
  it('gives the softmax of a logistic regression: logits (0, 2a + 1)', async () => {
    // mlp with hidden [] : kernel [1, 2] = (0, 2), bias (0, 1)
    const params = Float32Array.of(0, 2, 0, 1)
    const { probabilities, labels, numClasses } = await evaluator.predict(
      { document, params, datasetSha256: 'table' },
      never,
    )
    expect(numClasses).toBe(2)
    expect(await inFileOrder(labels)).toEqual([[0], [1], [0], [1]])
    const expected = [0, 1, 2, -3].map((a) => [1 - sigmoid(2 * a + 1), sigmoid(2 * a + 1)])
    expectClose(await inFileOrder(probabilities), expected)
  })
  it('turns one sigmoid output p into (1 − p, p)', async () => {
    const { probabilities } = await evaluator.predict(
      { document: binary, params: Float32Array.of(-1, 0.5), datasetSha256: 'table' },
      never,
    )
    const expected = [0, 1, 2, -3].map((a) => [1 - sigmoid(0.5 - a), sigmoid(0.5 - a)])
    expectClose(await inFileOrder(probabilities), expected)
  })
  it('leaves the caller’s params where they are', async () => {
    const params = Float32Array.of(0, 2, 0, 1)
    await evaluator.predict({ document, params, datasetSha256: 'table' }, never)
    expect(params).toEqual(Float32Array.of(0, 2, 0, 1))
  })
  it('says what is wrong with the params or the dataset, and goes on', async () => {
    const request = { document, params: new Float32Array(4), datasetSha256: 'table' }
    await expect(evaluator.predict({ ...request, params: new Float32Array(3) }, never)).rejects.toThrow(/3 params/)
    await expect(evaluator.predict({ ...request, datasetSha256: 'broken' }, never)).rejects.toThrow(Error)
    const { probabilities } = await evaluator.predict(request, never)
    expect(Array.from(probabilities)).toEqual(new Array(8).fill(0.5))
  })
})

describe('the evaluation worker, varying examples', () => {
  // logits (0, 2a + 1)
  const params = Float32Array.of(0, 2, 0, 1)
  const request = { document, params, datasetSha256: 'table' }
  const up = { name: 'move-column', column: 'a', by: 1, seed: 1 } as const

  it('answers about the examples as they were changed, and says which were', async () => {
    const { predictions, applies } = await evaluator.predictVaried({ ...request, variation: up }, never)
    // a = 0, 1, 2, −3 moved up by 1, and no further than the set goes
    const expected = [1, 2, 2, -2].map((a) => [1 - sigmoid(2 * a + 1), sigmoid(2 * a + 1)])
    expectClose(await inFileOrder(predictions.probabilities), expected)
    expect(await inFileOrder(predictions.labels)).toEqual([[0], [1], [0], [1]])
    expect(await inFileOrder(applies)).toEqual([[1], [1], [0], [1]])
  })
  it('answers the same to the same variation, whichever were asked in between', async () => {
    const noise = { name: 'noise', severity: 5, seed: 1 } as const
    const first = await evaluator.predictVaried({ ...request, variation: noise }, never)
    for (const seed of [2, 3, 4]) await evaluator.predictVaried({ ...request, variation: { ...noise, seed } }, never)
    expect(await evaluator.predictVaried({ ...request, variation: noise }, never)).toEqual(first)
    const other = await evaluator.predictVaried({ ...request, variation: { ...noise, seed: 2 } }, never)
    expect(other.predictions.probabilities).not.toEqual(first.predictions.probabilities)
  })
  it('leaves what it answers about the examples as they are', async () => {
    const before = await evaluator.predict(request, never)
    await evaluator.predictVaried({ ...request, variation: up }, never)
    expect(await evaluator.predict(request, never)).toEqual(before)
  })
  it('says in plain words what it cannot vary, and goes on', async () => {
    const shift = { name: 'shift', severity: 1, seed: 1 } as const
    await expect(evaluator.predictVaried({ ...request, variation: shift }, never)).rejects.toThrow(
      'a variation of images was asked to vary a table',
    )
    const unknown = { ...up, column: 'b' }
    await expect(evaluator.predictVaried({ ...request, variation: unknown }, never)).rejects.toThrow(
      'no feature is called b',
    )
    expect((await evaluator.predictVaried({ ...request, variation: up }, never)).applies).toHaveLength(4)
  })
  it('stops when it is told to, and answers who asks next', async () => {
    const controller = new AbortController()
    const stopped = evaluator.predictVaried({ ...request, datasetSha256: 'large', variation: up }, controller.signal)
    const next = evaluator.predictVaried({ ...request, variation: up }, never)
    controller.abort(new Error('the server stops'))
    await expect(stopped).rejects.toThrow('the server stops')
    expect((await next).applies).toHaveLength(4)
  })
})
