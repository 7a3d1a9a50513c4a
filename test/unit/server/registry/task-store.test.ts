import { beforeEach, describe, expect, it } from '@jest/globals'
import type { TaskDocument } from '@panal/server'
import { BlobCatalogue } from '../../../../server/src/registry/blob-catalogue.ts'
import { makeTask } from '../../../../server/src/registry/make-task.ts'
import { TaskStore } from '../../../../server/src/registry/task-store.ts'
import { recordBlob } from '../../../../server/src/store/blob-rows.ts'
import { people, peopleIn, refusal } from '../../../fixtures/stored-people.ts'
import { digitsLike } from '../../../fixtures/task-document.ts'
import { useTempStore } from '../../../fixtures/temp-store.ts'

const store = useTempStore()
const { stored, creditLike } = peopleIn(store)
let tasks: TaskStore
let catalogue: BlobCatalogue
beforeEach(async () => {
  tasks = await TaskStore.load(store)
  catalogue = new BlobCatalogue(store)
})

describe('create', () => {
  it('makes a task with version 0, the same from the same seed, that a restart finds again', async () => {
    const document = await creditLike()
    const { task, warnings } = await tasks.create(document, 'ada')
    expect(warnings).toEqual([])
    // One feature to one sigmoid: a kernel and a bias.
    expect(task.layout.size).toBe(2)
    const params = await store.registry.params('credit', 0)
    await tasks.create({ ...document, id: 'credit-again' }, 'ada')
    expect(await store.registry.params('credit-again', 0)).toEqual(params)
    await tasks.create({ ...document, id: 'credit-other', seed: 2 }, 'ada')
    expect(await store.registry.params('credit-other', 0)).not.toEqual(params)

    await store.reopen()
    const again = await TaskStore.load(store)
    expect(again.list().map(({ id }) => id)).toEqual(['credit', 'credit-again', 'credit-other'])
    expect(again.get('credit').planHash).toBe(task.planHash)
    expect(again.get('credit').layout).toEqual(task.layout)
    expect(() => again.get('none')).toThrow(expect.objectContaining({ code: 'unknown-task' }))
  })

  it('refuses a document with every mistake in it, and a model that does not fit, with their paths', async () => {
    const document = await creditLike()
    expect(await refusal(tasks.create({ ...document, seed: -1, title: '' }, 'ada'))).toEqual({
      code: 'invalid-task',
      paths: ['/title', '/seed'],
    })
    const topology = { class_name: 'Sequential', config: { layers: [] } }
    expect(await refusal(tasks.create({ ...document, model: { topology } }, 'ada'))).toMatchObject({
      code: 'invalid-task',
      paths: [expect.stringMatching(/^\/model\/topology/)],
    })
    expect(tasks.list()).toEqual([])
  })

  it('refuses an id that is taken, also when both are created at the same time', async () => {
    const document = await creditLike()
    const both = await Promise.all([refusal(tasks.create(document, 'ada')), refusal(tasks.create(document, 'bob'))])
    expect(both).toContain('created')
    expect(both).toContainEqual({ code: 'task-exists', paths: undefined })
    expect(await refusal(tasks.create(document, 'ada'))).toMatchObject({ code: 'task-exists' })
  })

  it('refuses datasets that are not there, or are there as something else', async () => {
    const document = await creditLike()
    const sample = { label: 'a', sha256: await stored(people(40, 45), 'sample'), numExamples: 5 }
    const missing: TaskDocument = {
      ...document,
      sets: { ...document.sets, gate: 'f'.repeat(64), evaluation: sample.sha256 },
      samples: [{ ...sample, sha256: 'e'.repeat(64) }],
    }
    expect(await refusal(tasks.create(missing, 'ada'))).toEqual({
      code: 'unknown-dataset',
      paths: ['/sets/evaluation', '/sets/gate', '/samples/0/sha256'],
    })
  })

  it('refuses data that does not fit: unreadable, without a segment’s column, or of another size than said', async () => {
    const document = await creditLike({ gate: 'age,paid\n50,no', calibration: 'height\n3' })
    const samples = [{ label: 'a', sha256: await stored(people(40, 45), 'sample'), numExamples: 6 }]
    expect(await refusal(tasks.create({ ...document, samples }, 'ada'))).toEqual({
      code: 'invalid-dataset',
      paths: ['/sets/calibration', '/sets/gate', '/samples/0/sha256'],
    })
  })

  it('holds a root set against the sets that judge; it needs no columns but the features', async () => {
    const document = await creditLike()
    const withRoot = async (text: string): Promise<TaskDocument> => ({
      ...document,
      strategy: { ...document.strategy, aggregator: { name: 'fltrust' } },
      sets: { ...document.sets, root: await stored(text) },
    })
    const overlap = await withRoot(people(0, 100))
    const refused = await refusal(tasks.create(overlap, 'ada'))
    expect(refused).toMatchObject({ code: 'invalid-dataset', paths: expect.arrayContaining(['/sets/root']) as unknown })
    expect((await tasks.create(await withRoot(people(70, 75)), 'ada')).warnings).toEqual([])
  })

  it('refuses a gate whose checks ask for data or columns that are not there', async () => {
    const document = await creditLike()
    const asking = (column: string, sha256: string): TaskDocument => ({
      ...document,
      gate: {
        checks: [
          { name: 'floor', metric: 'accuracy', min: 0.5 },
          {
            name: 'baselines',
            rule: { column, op: '>', value: 40, then: 'yes', otherwise: 'no' },
            earlier: [{ label: 'last year’s', sha256 }],
          },
        ],
      },
    })
    expect(await refusal(tasks.create(asking('age', 'f'.repeat(64)), 'ada'))).toEqual({
      code: 'unknown-dataset',
      paths: ['/gate/checks/1/earlier/0/sha256'],
    })
    const record = await stored('prediction\nyes\n')
    expect(await refusal(tasks.create(asking('shoe', record), 'ada'))).toEqual({
      code: 'invalid-dataset',
      paths: ['/gate/checks/1/rule/column'],
    })
    expect(await refusal(tasks.create(asking('age', record), 'ada'))).toBe('created')
  })

  it('refuses a gate whose cases are not there, or are no examples of the task', async () => {
    const document = await creditLike()
    const asking = (dataset: string): TaskDocument => ({
      ...document,
      gate: { checks: [...document.gate.checks, { name: 'cases', dataset }] },
    })
    const path = `/gate/checks/${document.gate.checks.length}/dataset`
    expect(await refusal(tasks.create(asking('f'.repeat(64)), 'ada'))).toEqual({
      code: 'unknown-dataset',
      paths: [path],
    })
    // without a column, without an example, with a label that is no class
    for (const file of ['height\n3', 'age,paid\n', 'age,paid\n50,perhaps'])
      expect([file, await refusal(tasks.create(asking(await stored(file)), 'ada'))]).toEqual([
        file,
        { code: 'invalid-dataset', paths: [path] },
      ])
    // Cases may well be examples of the sets.
    expect(await refusal(tasks.create(asking(await stored(people(20, 25))), 'ada'))).toBe('created')
  })

  it('refuses sets that share examples, whatever their labels say', async () => {
    const relabelled = people(0, 10).replaceAll('yes', 'no')
    expect(await refusal(tasks.create(await creditLike({ gate: relabelled }), 'ada'))).toEqual({
      code: 'invalid-dataset',
      paths: ['/sets/gate'],
    })
  })

  it('refuses a public sample with examples of the gate set', async () => {
    const samples = [{ label: 'a', sha256: await stored(people(25, 35), 'sample'), numExamples: 10 }]
    expect(await refusal(tasks.create({ ...(await creditLike()), samples }, 'ada'))).toEqual({
      code: 'invalid-dataset',
      paths: ['/samples/0/sha256'],
    })
  })

  it('warns of an overlap of at most one in a thousand', async () => {
    // 1000 examples, of which one is also in the evaluation set of 1000: 1/1000.
    const sets = { evaluation: people(0, 1000), gate: people(999, 1999), calibration: people(5000, 5010) }
    const { warnings } = await tasks.create(await creditLike(sets), 'ada')
    expect(warnings).toEqual(['/sets/gate: 1 of its 1000 distinct examples are in /sets/evaluation as well'])
    // Two are too many.
    const two = await creditLike({ ...sets, gate: people(998, 1998) })
    expect(await refusal(tasks.create({ ...two, id: 'two' }, 'ada'))).toMatchObject({ code: 'invalid-dataset' })
  })
})

it('a paused task stays paused over a restart, and who paused it is in the audit log', async () => {
  await tasks.create(await creditLike(), 'ada')
  tasks.setPaused('credit', true, 'bob')
  tasks.setPaused('credit', true, 'bob')
  expect(tasks.card('credit').paused).toBe(true)
  await store.reopen()
  const again = await TaskStore.load(store)
  expect(again.isPaused('credit')).toBe(true)
  again.setPaused('credit', false, 'ada')
  expect(again.card('credit').paused).toBe(false)
  expect(store.audit.entries({ limit: 2 })).toMatchObject([
    { actor: 'ada', action: 'task-resumed' },
    { actor: 'bob', action: 'task-paused' },
  ])
})

it('the card tells devices what to do and nothing of the server’s own policies', async () => {
  await tasks.create({ ...(await creditLike()), whatLeaves: 'a list of numbers' }, 'ada')
  const card = tasks.card('credit')
  expect(card).toMatchObject({ id: 'credit', whatLeaves: 'a list of numbers', numParams: 2, paused: false })
  for (const hidden of ['strategy', 'gate', 'sets', 'seed']) expect(card).not.toHaveProperty(hidden)
})

describe('the plan hash', () => {
  it('is of what devices and gate do: not of titles, not of the server’s sets, not of the order of keys', async () => {
    const hash = async (changes: Partial<TaskDocument>) => (await makeTask(digitsLike(changes))).planHash
    const plain = await hash({})
    expect(await hash({ title: 'Other', description: 'Other', whatLeaves: 'Other' })).toBe(plain)
    const { sets } = digitsLike()
    expect(await hash({ sets: { ...sets, gate: 'f'.repeat(64) } })).toBe(plain)
    const reversed = Object.fromEntries(Object.entries(digitsLike()).reverse()) as unknown as TaskDocument
    expect((await makeTask(reversed)).planHash).toBe(plain)
    expect(await hash({ plan: { ...digitsLike().plan, epochs: 2 } })).not.toBe(plain)
    expect(await hash({ seed: 2 })).not.toBe(plain)
  })
})

describe('BlobCatalogue', () => {
  it('serves samples and weights to anybody, datasets and strangers to nobody', async () => {
    await tasks.create(await creditLike(), 'ada')
    expect(catalogue.isPublic(await stored(people(70, 71), 'sample'))).toBe(true)
    expect(catalogue.isPublic(await stored(people(80, 81)))).toBe(false)
    expect(catalogue.isPublic(store.registry.version('credit', 0).weightsSha256)).toBe(true)
    expect(catalogue.isPublic(await store.blobs.put(Uint8Array.of(1)))).toBe(false)
  })

  it('serves weights whose bytes are also a server optimizer’s state', async () => {
    await tasks.create(await creditLike(), 'ada')
    const { weightsSha256, numBytes } = store.registry.version('credit', 0)
    recordBlob(store.db, { sha256: weightsSha256, kind: 'optimizer', numBytes, at: 0 })
    expect(catalogue.isPublic(weightsSha256)).toBe(true)
    const state = await store.blobs.put(Uint8Array.of(2))
    recordBlob(store.db, { sha256: state, kind: 'optimizer', numBytes: 1, at: 0 })
    expect(catalogue.isPublic(state)).toBe(false)
  })

  it('does not let private data be published under another kind', async () => {
    await stored(people(90, 95))
    await expect(stored(people(90, 95), 'sample')).rejects.toMatchObject({ code: 'invalid-dataset' })
    expect(store.audit.entries().filter(({ action }) => action === 'dataset-added')).toHaveLength(1)
    await stored(people(90, 95))
    expect(store.audit.entries()).toHaveLength(1)
  })
})
