import { expect, it } from '@jest/globals'
import { once } from 'node:events'
import { spawnWorker } from '../../../server/src/thread.ts'

it('runs TypeScript with the caller’s workerData, from inside a test', async () => {
  const worker = spawnWorker(new URL('./thread-echo.ts', import.meta.url), { workerData: { said: 'hello' } })
  const [message] = (await once(worker, 'message')) as [unknown]
  await worker.terminate()
  // [echo, makeRng(1).uniform()]: the worker imports @panal/client-core's TypeScript too.
  expect(message).toEqual(['hello', 0.7163384954910725])
})
