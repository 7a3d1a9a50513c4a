import { connect, type Socket } from 'node:net'
import { beforeAll, expect, it } from '@jest/globals'
import type { Assignment, Closing } from '@panal/client-core'
import { startServer } from '@panal/server'
import { createTask, liveConfig, useLiveServer } from '../fixtures/live-server.ts'
import { joinTask, next, openSocket, sha256, updateOf, type RawDevice } from '../fixtures/raw-device.ts'

const live = useLiveServer({ drainMs: 20_000 })
const bytes = updateOf(51)
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

/** The start of an update on a connection of its own. Resolves once the server has read it. */
async function halfAnUpload(): Promise<Socket> {
  const { hostname, port } = new URL(live.url)
  const socket = connect(Number(port), hostname)
  const header = JSON.stringify({ codec: 'f32', bytes: 204, baseVersion: 0, numExamples: 10, numSteps: 5 })
  const path = `/v1/tasks/digits/rounds/${offer.roundNumber}/updates/${sha256(bytes)}`
  const lines = [
    `PUT ${path} HTTP/1.1`,
    'host: x',
    'expect: 100-continue',
    `authorization: Bearer ${device.deviceId}.${device.deviceToken}`,
    'content-type: application/octet-stream',
    'content-length: 204',
    `panal-update: ${header}`,
  ]
  const accepted = next<Buffer>(socket as never, 'data')
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  expect((await accepted).toString()).toMatch(/^HTTP\/1.1 100 /)
  socket.write(bytes.subarray(0, 100))
  return socket
}

it('a stopping server tells devices and watchers, finishes the uploads in flight, and lets the next one in', async () => {
  const watcher = openSocket(live)
  await next(watcher, 'connect')
  const upload = await halfAnUpload()
  const told = Promise.all([next<Closing>(device.socket, 'closing'), next<Closing>(watcher, 'closing')])
  const receipt = next<Buffer>(upload as never, 'data')
  const joinersClosing = next<Closing>(device.socket, 'closing')

  const stopped = live.close()
  expect(await joinersClosing).toMatchObject({ code: 'draining', retryAfterMs: expect.any(Number) })
  expect([(await live.fetch('/healthz')).status, (await live.fetch('/readyz')).status]).toEqual([200, 503])
  upload.write(bytes.subarray(100))

  expect((await receipt).toString()).toMatch(/^HTTP\/1.1 200 OK[^]*"roundNumber":1/)
  expect((await told)[1]).toMatchObject({ code: 'draining' })
  await stopped
  await expect(live.fetch('/healthz')).rejects.toThrow()

  const again = await startServer(liveConfig({ data: `${live.folder}/data` }))
  const { card } = (await (await fetch(`${again.url}/v1/tasks/digits`)).json()) as { card: { id: string } }
  expect(card.id).toBe('digits')
  await again.close()
}, 60_000)
