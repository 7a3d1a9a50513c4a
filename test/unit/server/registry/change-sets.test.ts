import { beforeEach, describe, expect, it } from '@jest/globals'
import type { TaskDocument } from '@panal/server'
import { TaskStore } from '../../../../server/src/registry/task-store.ts'
import { query } from '../../../../server/src/store/sync-query.ts'
import { concluded } from '../../../fixtures/registry-rounds.ts'
import { people, peopleIn, refusal } from '../../../fixtures/stored-people.ts'
import { useTempStore } from '../../../fixtures/temp-store.ts'

const store = useTempStore()
const { stored, creditLike } = peopleIn(store)
let tasks: TaskStore
beforeEach(async () => {
  tasks = await TaskStore.load(store)
})

describe('changeSets', () => {
  const setsOf = () => tasks.get('credit').document.sets

  it('judges by other sets from then on, also after a restart; nothing else of the task changes', async () => {
    const document = await creditLike()
    const { task: before } = await tasks.create(document, 'ada')
    const card = tasks.card('credit')
    const gate = await stored(people(100, 160))
    const { task, warnings } = await tasks.changeSets('credit', { gate }, 'bob')
    expect(warnings).toEqual([])
    expect(task).toEqual({ ...before, document: { ...document, sets: { ...document.sets, gate } } })
    expect(tasks.get('credit')).toBe(task)
    expect(tasks.card('credit')).toEqual(card)
    expect(store.audit.entries({ limit: 1 })).toMatchObject([
      { actor: 'bob', action: 'sets-changed', detail: { taskId: 'credit', before: document.sets, now: setsOf() } },
    ])
    tasks.setPaused('credit', true, 'bob')
    await store.reopen()
    const again = await TaskStore.load(store)
    expect(again.get('credit').document).toEqual(task.document)
    expect(again.isPaused('credit')).toBe(true)
  })

  it('is held to what a new task is: there, readable, apart from the other sets and the samples', async () => {
    const samples = [{ label: 'a', sha256: await stored(people(40, 45), 'sample'), numExamples: 5 }]
    const document = { ...(await creditLike()), samples }
    await tasks.create(document, 'ada')
    const change = (sets: Partial<TaskDocument['sets']>) => refusal(tasks.changeSets('credit', sets, 'bob'))
    expect(await change({ gate: 'f'.repeat(64) })).toEqual({ code: 'unknown-dataset', paths: ['/sets/gate'] })
    expect(await change({ gate: document.sets.evaluation })).toEqual({ code: 'invalid-task', paths: ['/sets/gate'] })
    expect(await change({ gate: 'no digest' })).toEqual({ code: 'invalid-task', paths: ['/sets/gate'] })
    for (const [text, path] of [
      ['height\n3', '/sets/gate'],
      [people(5, 10), '/sets/gate'],
      [people(30, 45), '/samples/0/sha256'],
    ] as const)
      expect(await change({ gate: await stored(text) })).toEqual({ code: 'invalid-dataset', paths: [path] })
    expect(setsOf()).toEqual(document.sets)
    expect(store.audit.entries().some(({ action }) => action === 'sets-changed')).toBe(false)
    expect(() => tasks.changeSets('none', {}, 'bob')).toThrow(expect.objectContaining({ code: 'unknown-task' }))
  })

  it('checks each of two changes at once against what the other has left', async () => {
    await tasks.create(await creditLike(), 'ada')
    const [evaluation, gate] = [await stored(people(100, 150)), await stored(people(120, 170))]
    // Each is apart from the sets there are; the two are not apart from each other.
    const both = [tasks.changeSets('credit', { evaluation }, 'ada'), tasks.changeSets('credit', { gate }, 'bob')]
    expect(await Promise.all(both.map(refusal))).toEqual([
      'created',
      { code: 'invalid-dataset', paths: ['/sets/gate'] },
    ])
    expect(setsOf()).toMatchObject({ evaluation })
    await tasks.changeSets('credit', { gate: await stored(people(200, 210)) }, 'bob')
  })

  it.each([
    ['', () => undefined],
    [
      ', also of a task made before contents were noted',
      () => expect(store.db.run(query.deleteFrom('set_contents'))).toBe(1),
    ],
  ])('to the same examples in another file is no new set: looks at it go on being counted%s', async (_, forget) => {
    const document = await creditLike()
    await tasks.create(document, 'ada')
    forget()
    const { gate: before } = document.sets
    await concluded(store, { taskId: 'credit', datasetDigests: { evaluation: '1'.repeat(64), gate: before } })
    const [head, ...rows] = people(20, 30).split('\n')
    const turned = await stored([head, ...rows.reverse(), rows[3]].join('\n'))
    await tasks.changeSets('credit', { gate: turned }, 'bob')
    await concluded(store, { taskId: 'credit', datasetDigests: { evaluation: '1'.repeat(64), gate: turned } })
    for (const sha256 of [before, turned]) {
      expect(store.registry.looks(sha256).map(({ version }) => version)).toEqual([1, 2])
      expect(store.registry.lookHistory(sha256)).toHaveLength(2)
    }
    const other = await stored(people(300, 310))
    await tasks.changeSets('credit', { gate: other }, 'bob')
    expect(store.registry.looks(other)).toEqual([])
  })

  it('needs the column that says whose example each is in every set, where the task names one', async () => {
    const owned = (text: string) =>
      text.replace(/$/gm, (_, at: number) => (at < text.indexOf('\n') + 1 ? ',bank' : ',b'))
    const document = { ...(await creditLike()), clientColumn: 'bank' }
    expect(await refusal(tasks.create(document, 'ada'))).toEqual({
      code: 'invalid-dataset',
      paths: ['/sets/evaluation', '/sets/calibration', '/sets/gate'],
    })
    const sets = {
      evaluation: await stored(owned(people(100, 110))),
      calibration: await stored(owned(people(110, 120))),
      gate: await stored(owned(people(120, 130))),
    }
    expect(await refusal(tasks.create({ ...document, sets }, 'ada'))).toBe('created')
    expect(await refusal(tasks.changeSets('credit', { gate: await stored(people(130, 140)) }, 'bob'))).toEqual({
      code: 'invalid-dataset',
      paths: ['/sets/gate'],
    })
  })

  it('to the sets of now is no change', async () => {
    const document = await creditLike()
    await tasks.create(document, 'ada')
    await tasks.changeSets('credit', { gate: document.sets.gate }, 'bob')
    expect(store.audit.entries({ limit: 1 })).toMatchObject([{ action: 'task-created' }])
  })

  it('pins the profile of the segments anew, where the gate pins one', async () => {
    const document = await creditLike()
    const { data, segments, sets } = document
    const pinned = await store.examiner.profile(sets.evaluation, data, segments)
    const checks: TaskDocument['gate']['checks'] = [
      { name: 'floor', metric: 'accuracy', min: 0.5 },
      { name: 'pin', profileSha256: pinned },
    ]
    await tasks.create({ ...document, gate: { checks } }, 'ada')
    await tasks.changeSets('credit', { gate: await stored(people(100, 110)) }, 'bob')
    expect(tasks.get('credit').document.gate.checks).toEqual(checks)
    const evaluation = await stored(people(200, 260))
    const { task } = await tasks.changeSets('credit', { evaluation }, 'bob')
    const now = await store.examiner.profile(evaluation, data, segments)
    expect(now).not.toBe(pinned)
    expect(task.document.gate.checks).toEqual([checks[0], { name: 'pin', profileSha256: now }])
  })

  it('refuses another gate set where predictions were recorded for the one of now', async () => {
    const document = await creditLike()
    const earlier = [{ label: 'last year’s', sha256: await stored('prediction\nyes\n') }]
    const checks: TaskDocument['gate']['checks'] = [{ name: 'baselines', earlier }]
    await tasks.create({ ...document, gate: { checks } }, 'ada')
    expect(await refusal(tasks.changeSets('credit', { gate: await stored(people(100, 110)) }, 'bob'))).toEqual({
      code: 'invalid-dataset',
      paths: ['/gate/checks/0/earlier/0/sha256'],
    })
    const evaluation = await stored(people(100, 110))
    expect((await tasks.changeSets('credit', { evaluation }, 'bob')).task.document.sets).toMatchObject({ evaluation })
  })
})
