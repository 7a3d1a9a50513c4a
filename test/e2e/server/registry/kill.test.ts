import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { beforeEach, expect, it } from '@jest/globals'
import { concluded, pointers, twoParamTask } from '../../../fixtures/registry-rounds.ts'
import { useTempStore } from '../../../fixtures/temp-store.ts'

const store = useTempStore()

beforeEach(async () => {
  await store.registry.createTask(twoParamTask(), Float32Array.of(0, 0), 'ada')
  await concluded(store, { verdict: 'NOT_ENOUGH_DATA' })
})

/** Another process does it to version 1, which is held, and kills itself; then this one opens what is left. */
async function die(what: 'promote' | 'judge', how: 'before-commit' | 'after-commit'): Promise<void> {
  store.db.close()
  store.dataDir.close()
  const program = fileURLToPath(new URL(`./${what}-and-die.ts`, import.meta.url))
  const child = fork(program, [store.dataDir.path, how], { execArgv: ['--import', 'tsx'] })
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null]
  expect(signal).toBe('SIGKILL')
  await store.reopen()
}

it('[I1] what was promoted stays promoted after kill -9, with its audit row', async () => {
  await die('promote', 'after-commit')
  expect(store.registry.pointers('digits')).toEqual(pointers(1, 1, null))
  expect(store.audit.entries({ limit: 1 })).toMatchObject([{ actor: 'ada', action: 'promoted' }])
  expect(await store.audit.verify()).toMatchObject({ ok: true })
})

it('[I9] a kill -9 before the commit leaves neither the promotion nor its audit row', async () => {
  await die('promote', 'before-commit')
  expect(store.registry.pointers('digits')).toEqual(pointers(1, null, null))
  expect(store.audit.entries({ limit: 1 })).toMatchObject([{ action: 'gated' }])
  expect(await store.audit.verify()).toMatchObject({ ok: true })
})

it('[I1] a judgement made again stays whole after kill -9: report, look, status, champion, audit row', async () => {
  await die('judge', 'after-commit')
  expect(store.registry.judgements('digits', 1)).toMatchObject([{ outcome: 'promoted' }, { outcome: 'held' }])
  expect(store.registry.looks('3'.repeat(64))).toHaveLength(2)
  expect(store.registry.version('digits', 1).status).toBe('promoted')
  expect(store.registry.pointers('digits')).toEqual(pointers(1, 1, 1))
  expect(store.audit.entries({ limit: 1 })).toMatchObject([{ actor: 'ada', action: 'judged-again' }])
  expect(await store.audit.verify()).toMatchObject({ ok: true })
})

it('[I9] a kill -9 before its commit leaves nothing of it', async () => {
  await die('judge', 'before-commit')
  expect(store.registry.judgements('digits', 1)).toMatchObject([{ outcome: 'held' }])
  expect(store.registry.looks('3'.repeat(64))).toHaveLength(1)
  expect(store.registry.version('digits', 1).status).toBe('held')
  expect(store.registry.pointers('digits')).toEqual(pointers(1, null, null))
  expect(store.audit.entries({ limit: 1 })).toMatchObject([{ action: 'gated' }])
  expect(await store.audit.verify()).toMatchObject({ ok: true })
})
