import { connect, type Socket } from 'node:net'
import { beforeAll, expect, it } from '@jest/globals'
import { systemClock, type Assignment, type RoundSummary } from '@panal/client-core'
import { createTask, useLiveServer } from '../../fixtures/live-server.ts'
import { headOf } from '../../fixtures/raw-http.ts'
import {
  ask,
  joinTask,
  next,
  openSocket,
  putUpdate,
  sha256,
  updateHeaders,
  updateOf,
  updatePath,
  type RawDevice,
} from '../../fixtures/raw-device.ts'

const live = useLiveServer()
const [numDevices, numDone, deadlineMs] = [200, 60, 8_000]
const bytes = updateOf(51)
const clock = systemClock(globalThis)
let devices: RawDevice[]

beforeAll(async () => {
  await createTask(live, {
    cohort: { size: numDevices, overSelection: 1, reportingGoal: numDevices, minimum: 2, deadlineMs },
    lease: { heartbeatMs: 2_000, leaseMs: 60_000 },
    rounds: { minIntervalMs: 0 },
  })
  devices = await Promise.all(Array.from({ length: numDevices }, () => joinTask(live, 'digits')))
}, 60_000)

/** All of the head and half of the body; resolves once they have left. */
const beginUpload = async (device: RawDevice, offer: Assignment): Promise<Socket> => {
  const { host, hostname, port } = new URL(live.url)
  const headers = {
    host,
    'content-length': String(bytes.length),
    ...(await updateHeaders(live, device, offer, { bytes })),
  }
  const socket = connect(Number(port), hostname)
  socket.on('error', () => undefined) // it is the one that vanishes
  return new Promise((resolve) => {
    socket.write(headOf(`PUT ${updatePath(offer, sha256(bytes))}`, headers))
    socket.write(bytes.subarray(0, 100), () => resolve(socket))
  })
}

const metric = async (name: string): Promise<number> => {
  const page = await (await live.asOperator('GET', '/metrics')).text()
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(page)?.[1])
}

it('[F49] 200 devices vanish at the deadline: what was accepted counts, nothing is held, and rounds go on', async () => {
  const offers = await Promise.all(devices.map(({ assignment }) => assignment))
  const deadline = clock.sleep(offers[0]!.deadlineInMs)
  const watcher = openSocket(live)
  await next(watcher, 'connect')
  await ask(watcher, 'watch', { taskId: 'digits' })
  const closings = new Map<number, (round: RoundSummary) => void>()
  const closed = (number: number) => new Promise<RoundSummary>((resolve) => closings.set(number, resolve))
  const [first, second] = [closed(1), closed(2)]
  watcher.on('round', (round: RoundSummary) => round.phase === 'closed' && closings.get(round.number)?.(round))

  for (const [index, device] of devices.slice(0, numDone).entries())
    expect((await putUpdate(live, device, offers[index]!, { bytes })).status).toBe(200)
  const begun = await Promise.all(
    devices.slice(numDone).map((device, index) => beginUpload(device, offers[numDone + index]!)),
  )
  await deadline
  for (const { socket } of devices) socket.io.engine.close()
  for (const socket of begun) socket.destroy()

  expect(await first).toMatchObject({
    numInvited: numDevices,
    numAccepted: numDone,
    numRejected: 0,
    candidateVersion: 1,
  })
  const newcomers = await Promise.all([1, 2].map(() => joinTask(live, 'digits')))
  for (const device of newcomers) {
    const offer = await device.assignment
    expect(offer.roundNumber).toBe(2)
    expect((await putUpdate(live, device, offer, { bytes })).status).toBe(200)
  }
  expect(await second).toMatchObject({ numInvited: 2, numAccepted: 2, baseVersion: 1, candidateVersion: 2 })
  expect(await metric('panal_uploads_in_flight')).toBe(0)
  expect(await metric('panal_sockets')).toBe(3)
  for (const { socket } of newcomers) socket.close()
  watcher.close()
}, 60_000)
