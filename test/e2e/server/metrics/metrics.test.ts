import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { errorCodes, type Assignment, type RoundSummary } from '@panal/client-core'
import { createTask, useLiveServer } from '../../../fixtures/live-server.ts'
import { answerOf } from '../../../fixtures/raw-http.ts'
import { ask, joinTask, next, openSocket, putUpdate, updateOf, type RawDevice } from '../../../fixtures/raw-device.ts'

const numParams = 51

describe('/metrics after a round', () => {
  const live = useLiveServer()
  let devices: RawDevice[]
  let page: string
  afterAll(() => devices.forEach(({ socket }) => socket.close()))

  beforeAll(async () => {
    await createTask(live, {
      cohort: { size: 2, overSelection: 1, reportingGoal: 2, minimum: 1, deadlineMs: 600_000 },
      lease: { heartbeatMs: 60_000, leaseMs: 600_000 },
    })
    const watcher = openSocket(live)
    await next(watcher, 'connect')
    await ask(watcher, 'watch', { taskId: 'digits' })
    const closed = new Promise((resolve) =>
      watcher.on('round', (round: RoundSummary) => round.phase === 'closed' && resolve(round)),
    )
    devices = await Promise.all([1, 2].map(() => joinTask(live, 'digits')))
    const offers: Assignment[] = await Promise.all(devices.map(({ assignment }) => assignment))
    await putUpdate(live, devices[0]!, offers[0]!, { bytes: updateOf(numParams, NaN) })
    await putUpdate(live, devices[1]!, offers[1]!, { bytes: updateOf(numParams) })
    await closed
    watcher.close()
    page = await (await live.asOperator('GET', '/metrics')).text()
  }, 60_000)

  it('says what an operator needs', () => {
    const value = (series: string) =>
      Number(
        page
          .split('\n')
          .find((line) => line.startsWith(`${series} `))
          ?.split(' ')[1] ?? NaN,
      )
    expect(value('panal_updates_total{task="digits",verdict="accepted"}')).toBe(1)
    expect(value('panal_updates_total{task="digits",verdict="non-finite"}')).toBe(1)
    expect(value('panal_upload_bytes_total{task="digits"}')).toBe(4 * numParams)
    expect(value('panal_upload_seconds_count{task="digits"}')).toBe(2)
    expect(value('panal_uploads_in_flight')).toBe(0)
    for (const phase of ['collect', 'aggregate', 'gate'])
      expect(value(`panal_round_phase_seconds_count{task="digits",phase="${phase}"}`)).toBe(1)
    expect(page).toMatch(/^panal_rounds_total\{task="digits",outcome="(promoted|held|rejected)"\} 1$/m)
    expect(page).toMatch(/^panal_gate_verdicts_total\{task="digits",verdict="[A-Z_]+"\} 1$/m)
    expect(page).toMatch(/^panal_gate_checks_total\{task="digits",check="integrity",verdict="PASS"\} 1$/m)
    expect(value('panal_members{task="digits"}')).toBe(2)
    expect(value('panal_sockets')).toBeGreaterThanOrEqual(2)
    expect(value('panal_disk_free_bytes')).toBeGreaterThan(0)
    for (const name of ['nodejs_eventloop_lag_p99_seconds', 'process_resident_memory_bytes', 'process_open_fds'])
      expect(value(name)).toBeGreaterThanOrEqual(0)
  })

  it('keeps to Prometheus’ conventions: help and type for each, base units, `_total` for counters alone', () => {
    const types = new Map([...page.matchAll(/^# TYPE (panal_\w+) (\w+)$/gm)].map(([, name, type]) => [name!, type!]))
    expect(types.size).toBeGreaterThan(10)
    for (const [name, type] of types) {
      expect(page).toMatch(new RegExp(`^# HELP ${name} \\S+`, 'm'))
      expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter'])
      expect(name).not.toMatch(/_(ms|milliseconds|kb|mb|percent|count|sum|bucket)(_|$)/)
      if (type === 'histogram') expect(name).toMatch(/_(seconds|bytes)$/)
    }
  })

  it('makes no series of what a device sends: its labels are tasks and the words of closed tables', async () => {
    const [device] = devices as [RawDevice]
    for (const taskId of ['unknown-a', 'unknown-b'])
      await putUpdate(
        live,
        device,
        { taskId, roundNumber: 1, manifest: { version: 0 } },
        { bytes: updateOf(numParams) },
      )
    const series = [...(await (await live.asOperator('GET', '/metrics')).text()).matchAll(/^panal_\w+\{(.*)\} /gm)]
    const labels = series.flatMap(([, text]) =>
      [...text!.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value]),
    )
    const valuesOf = (name: string) => new Set(labels.filter(([key]) => key === name).map(([, value]) => value))
    expect(valuesOf('task')).toEqual(new Set(['digits']))
    const known = new Set<string>([
      'accepted',
      ...Object.keys(errorCodes),
      'PASS',
      'WARN',
      'NOT_ENOUGH_DATA',
      'ERROR',
      'BLOCK',
      'NO_CHANGE',
      'NOT_APPLICABLE',
    ])
    for (const verdict of valuesOf('verdict')) expect(known).toContain(verdict)
    expect(new Set(labels.map(([key]) => key))).toEqual(new Set(['task', 'outcome', 'phase', 'verdict', 'check', 'le']))
  })
})

describe('a disk that is full but for its reserve', () => {
  const live = useLiveServer({ diskReserveBytes: 2 ** 50 })

  it('makes the server not ready, though alive, and uploads come back later', async () => {
    expect((await live.fetch('/healthz')).status).toBe(200)
    const notReady = await live.fetch('/readyz')
    expect(notReady.headers.get('retry-after')).toBe('30')
    expect(await answerOf(notReady)).toMatchObject({ status: 507, code: 'disk-full' })
    const refused = await live.fetch('/v1/datasets', {
      method: 'PUT',
      headers: { authorization: `Bearer ${live.operatorToken}`, 'content-type': 'application/octet-stream' },
      body: updateOf(numParams) as Uint8Array<ArrayBuffer>,
    })
    expect(await answerOf(refused)).toMatchObject({ status: 507, code: 'disk-full', retryAfterMs: 30_000 })
  }, 60_000)
})
