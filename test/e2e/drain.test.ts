import { beforeAll, expect, it } from '@jest/globals'
import type { Assignment, Closing } from '@panal/client-core'
import { startServer } from '@panal/server'
import { halfAnUpload } from '../fixtures/half-upload.ts'
import { createTask, liveConfig, useLiveServer } from '../fixtures/live-server.ts'
import { joinTask, next, openSocket, type RawDevice } from '../fixtures/raw-device.ts'

const live = useLiveServer({ drainMs: 20_000 })
let device: RawDevice
let offer: Assignment

beforeAll(async () => {
  await createTask(live, {
    cohort: { size: 1, overSelection: 1, reportingGoal: 1, minimum: 1, deadlineMs: 600_000 },
    lease: { heartbeatMs: 60_000, leaseMs: 600_000 },
  })
  device = await joinTask(live, 'digits')
  offer = await device.assignment
}, 60_000)

it('a stopping server tells devices and watchers, finishes the uploads in flight, and lets the next one in', async () => {
  const watcher = openSocket(live)
  await next(watcher, 'connect')
  const upload = await halfAnUpload(live, device, offer)
  const told = Promise.all([next<Closing>(device.socket, 'closing'), next<Closing>(watcher, 'closing')])
  const joinersClosing = next<Closing>(device.socket, 'closing')

  const stopped = live.close()
  expect(await joinersClosing).toMatchObject({ code: 'draining', retryAfterMs: expect.any(Number) })
  expect([(await live.fetch('/healthz')).status, (await live.fetch('/readyz')).status]).toEqual([200, 503])
  upload.finish()

  expect(await upload.answer).toMatch(/^HTTP\/1.1 200 OK[^]*"roundNumber":1/)
  expect((await told)[1]).toMatchObject({ code: 'draining' })
  await stopped
  await expect(live.fetch('/healthz')).rejects.toThrow()

  const again = await startServer(liveConfig({ data: `${live.folder}/data` }))
  const { card } = (await (await fetch(`${again.url}/v1/tasks/digits`)).json()) as { card: { id: string } }
  expect(card.id).toBe('digits')
  await again.close()
}, 60_000)
