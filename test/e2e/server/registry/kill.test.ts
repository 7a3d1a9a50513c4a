import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { beforeEach, expect, it } from '@jest/globals'
import { concluded, pointers, twoParamTask } from '../../../fixtures/registry-rounds.ts'
import { useTempStore } from '../../../fixtures/temp-store.ts'

const store = useTempStore()
const program = fileURLToPath(new URL('./promote-and-die.ts', import.meta.url))

beforeEach(async () => {
  await store.registry.createTask(twoParamTask(), Float32Array.of(0, 0), 'ada')
  await concluded(store, { verdict: 'BLOCK' })
})

/** Another process promotes version 1 and kills itself; then this one opens what is left. */
async function promoteAndDie(how: 'before-commit' | 'after-commit'): Promise<void> {
  store.db.close()
  store.dataDir.close()
  const child = fork(program, [store.dataDir.path, how], { execArgv: ['--import', 'tsx'] })
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null]
  expect(signal).toBe('SIGKILL')
  await store.reopen()
}

it('[I1] what was promoted stays promoted after kill -9, with its audit row', async () => {
  await promoteAndDie('after-commit')
  expect(store.registry.pointers('digits')).toEqual(pointers(1, 1, null))
  expect(store.audit.entries({ limit: 1 })).toMatchObject([{ actor: 'ada', action: 'promoted' }])
  expect(await store.audit.verify()).toMatchObject({ ok: true })
})

it('[I9] a kill -9 before the commit leaves neither the promotion nor its audit row', async () => {
  await promoteAndDie('before-commit')
  expect(store.registry.pointers('digits')).toEqual(pointers(1, null, null))
  expect(store.audit.entries({ limit: 1 })).toMatchObject([{ action: 'gated' }])
  expect(await store.audit.verify()).toMatchObject({ ok: true })
})
