import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { PanalError } from '@panal/client-core'
import { Spool } from '@panal/server'
import { replayRound } from '../../../../server/src/round/replay.ts'
import { RoundsBench, type Device } from '../../../fixtures/rounds.ts'

const deadlineMs = 90_000
const heartbeatMs = 2_000
const quarantined = new Set<string>()
let bench: RoundsBench
/** By the name that they joined as. */
let devices: Record<string, Device>

/** Three devices at work, the first two updates make a version, and the third may count in the next round. */
beforeEach(async () => {
  quarantined.clear()
  bench = await RoundsBench.open(
    {
      cohort: { size: 3, overSelection: 1, reportingGoal: 2, minimum: 2, deadlineMs, maxStaleness: 1 },
      lease: { heartbeatMs, leaseMs: 60_000 },
      rounds: { minIntervalMs: 1_000 },
    },
    { isQuarantined: (deviceId) => quarantined.has(deviceId) },
  )
  const opened = bench.until((round) => round.phase === 'collecting')
  devices = Object.fromEntries(['a', 'b', 'slow'].map((name) => [name, bench.join(name)]))
  await opened
})
afterEach(async () => {
  await bench.remove()
  expect(bench.errors).toEqual([])
})

const idOf = (name: string) => devices[name]!.join.deviceId
const beat = (names: readonly string[], phase: 'waiting' | 'training') =>
  names.map((name) => {
    const reply = bench.rounds.heartbeat('digits', idOf(name), { phase, conditions: devices[name]!.join.conditions })
    return reply.ok ? reply.roundNumber : reply.code
  })

/** Closes the open round by two updates; the others are at work. */
async function closeRound(
  number: number,
  names: readonly string[],
  deltas: readonly (readonly number[])[] = names.map(() => [1, 0, 0, 0]),
) {
  beat(
    Object.keys(devices).filter((name) => !names.includes(name)),
    'training',
  )
  const closed = bench.closing(number)
  for (const [i, name] of names.entries()) await bench.upload(devices[name]!, deltas[i]!)
  beat(names, 'waiting')
  return closed
}

/** After the task’s pause, and a heartbeat’s grace. */
const openNext = (number: number) =>
  bench.letTimePass(bench.until((round) => round.number === number && round.phase === 'collecting'))

/** A promise that the test resolves. */
function gate(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined
  const promise = new Promise<void>((done) => (resolve = done))
  return { promise, resolve: () => resolve() }
}

/** Time that only some devices outlive. */
async function pass(ms: number, names: readonly string[] = []): Promise<void> {
  await bench.clock.advance(ms)
  await setImmediate()
  beat(names, 'waiting')
}

/** However long it takes: what opens a round is written down first. */
async function passUntil<Event>(event: Promise<Event>, names: readonly string[]): Promise<Event> {
  const seen: { isOver: boolean } = { isOver: false }
  void event.finally(() => (seen.isOver = true))
  while (!seen.isOver) await pass(1_000, names)
  return event
}

const replay = (number: number) =>
  replayRound(bench.task, number, {
    registry: bench.registry,
    log: bench.log,
    spool: new Spool(join(bench.folder, 'uploads')),
    clock: bench.clock,
  })

describe('[R25] a device that is slower than its round', () => {
  it('counts in the next one, from its own base, discounted, with a receipt that says so', async () => {
    await closeRound(1, ['a', 'b'])
    expect(devices.slow!.withdrawn).toEqual([])
    expect(await openNext(2)).toMatchObject({ numInvited: 3, numCarried: 1 })
    expect(bench.registry.pointers('digits').head).toBe(1)
    expect(beat(['a', 'slow'], 'training')).toEqual([2, 1])
    expect(devices.slow!.assignments).toHaveLength(1)

    const closed = bench.closing(2)
    const receipt = await bench.upload(devices.slow!, [0, 8, 0, 0])
    expect(receipt).toMatchObject({ roundNumber: 1, countedRound: 2 })
    expect(await bench.upload(devices.a!, [0, 4, 0, 0])).not.toHaveProperty('countedRound')
    expect(await closed).toMatchObject({ outcome: 'promoted', numAccepted: 2, numCarried: 1, meanStaleness: 0.5 })
    // 1 + 0, and (4 + 8/√2)/2
    expect(await bench.registry.params('digits', 2)).toEqual(Float32Array.of(1, 2 + 4 / Math.SQRT2, 0, 0))

    expect(bench.log.updatesOf('digits', 1).map(({ deviceId }) => deviceId)).toEqual([idOf('a'), idOf('b')])
    expect(bench.log.updatesOf('digits', 2)).toMatchObject([
      { deviceId: idOf('a'), roundNumber: 2, cosine: expect.closeTo(1, 6) as unknown as number, distanceRank: 1 },
      // (0, 8, 0, 0) lies 8 − (2 + 4/√2) from the mean delta, (0, 4, 0, 0) only 4/√2 − 2
      { deviceId: idOf('slow'), roundNumber: 1, countedRound: 2, distanceRank: 2 },
    ])
    expect(await bench.upload(devices.slow!, [0, 8, 0, 0])).toEqual(receipt)
    await expect(bench.upload(devices.slow!, [0, 9, 0, 0])).rejects.toMatchObject({ code: 'conflicting-update' })
  })

  it('[R19] [R21] is replayed to the same bytes, from the folder of the round that it was asked in', async () => {
    await closeRound(1, ['a', 'b'])
    await openNext(2)
    await closeRound(
      2,
      ['slow', 'a'],
      [
        [0, 8, 1 / 3, 0],
        [0, 4, 0, 0.1],
      ],
    )
    const [updates, weights] = [
      expect.objectContaining({ what: 'updates' }),
      expect.objectContaining({ what: 'weights' }),
    ]
    expect(await replay(2)).toMatchObject({
      verdict: 'same',
      version: 2,
      comparisons: [updates, weights, { what: 'optimizer' }],
    })
    const folder = (number: number) => existsSync(join(bench.folder, 'uploads', 'digits', String(number)))
    expect([1, 2].map(folder)).toEqual([true, true])
    await openNext(3)
    await closeRound(
      3,
      ['b', 'a'],
      [
        [0, 1, 0, 0],
        [0, 1, 0, 0],
      ],
    )
    await openNext(4)
    expect([1, 2, 3].map(folder)).toEqual([false, true, true])
  })

  it('[R9] is the same one after a restart, in any phase', async () => {
    await closeRound(1, ['a', 'b'])
    await bench.halt()
    await bench.boot()
    const rejoin = () => {
      const { assignments } = bench.join('slow')
      return assignments.map(({ roundNumber, manifest, seed }) => [roundNumber, manifest.version, seed])
    }
    expect(rejoin()).toEqual([[1, 0, `1/digits/1/${idOf('slow')}`]])
    // between two rounds, whose first this start of the server has not seen
    await expect(bench.upload(devices.slow!, [0, 8, 0, 0])).rejects.toMatchObject({ code: 'busy' })
    const opened = bench.until((round) => round.number === 2)
    for (const name of ['a', 'b']) devices[name] = bench.join(name)
    await opened
    await bench.upload(devices.slow!, [0, 8, 0, 0])
    await bench.halt()
    const closed = (async () => {
      await bench.boot()
      const closing = bench.closing(2)
      for (const name of ['a', 'b']) devices[name] = bench.join(name)
      expect(rejoin()).toEqual([]) // it has reported
      await bench.upload(devices.b!, [0, 4, 0, 0])
      return closing
    })()
    expect(await closed).toMatchObject({ outcome: 'promoted', numAccepted: 2, meanStaleness: 0.5 })
    expect(await bench.registry.params('digits', 2)).toEqual(Float32Array.of(1, 2 + 4 / Math.SQRT2, 0, 0))
  })

  it('[F20] comes again with an update that arrives between two rounds, and what had arrived of it stays', async () => {
    await bench.upload(devices.a!, [1, 0, 0, 0])
    const body = new Readable({ read: () => undefined })
    const sending = bench.upload(devices.slow!, [0, 8, 0, 0], { body })
    sending.catch(() => undefined)
    body.push(Buffer.alloc(8))
    const closed = bench.closing(1)
    beat(['slow'], 'training')
    await bench.upload(devices.b!, [1, 0, 0, 0])
    await expect(sending).rejects.toMatchObject({ code: 'busy', retryAfterMs: heartbeatMs })
    await closed
    await expect(bench.upload(devices.slow!, [0, 8, 0, 0])).rejects.toMatchObject({ code: 'busy' })
    beat(['a', 'b'], 'waiting')
    await openNext(2)
    const sha256 = 'a'.repeat(64)
    const target = { taskId: 'digits', roundNumber: 1, deviceId: idOf('slow'), sha256 }
    expect(await bench.rounds.uploadOffset(target)).toEqual({ offset: 8 })
    expect(await bench.upload(devices.slow!, [0, 8, 0, 0])).toMatchObject({ roundNumber: 1, countedRound: 2 })
  })

  it('[F20] does not count if it is revoked while its update waits for the next round', async () => {
    const keep = Spool.prototype.keep
    const [arrived, goOn] = [gate(), gate()]
    const kept = jest.spyOn(Spool.prototype, 'keep').mockImplementationOnce(async function (this: Spool, target) {
      await keep.call(this, target)
      arrived.resolve()
      await goOn.promise
    })
    const sending = bench.upload(devices.slow!, [0, 8, 0, 0])
    sending.catch(() => undefined)
    await arrived.promise
    kept.mockRestore()
    await closeRound(1, ['a', 'b'])
    await openNext(2)
    bench.rounds.expel(idOf('slow'))
    goOn.resolve()
    await expect(sending).rejects.toMatchObject({ code: 'revoked' })
    expect(bench.rounds.current('digits')).toMatchObject({ number: 2, numAccepted: 0 })
  })

  it('[F20] comes again after a heartbeat while nobody knows when the next round opens', async () => {
    const [begun, goOn] = [gate(), gate()]
    const { propose } = bench.registry
    const held = jest.spyOn(bench.registry, 'propose').mockImplementationOnce(async (...proposal) => {
      begun.resolve()
      await goOn.promise
      return propose.apply(bench.registry, proposal)
    })
    const closed = closeRound(
      1,
      ['a', 'b'],
      [
        [1, 0, 0, 0],
        [1, 0, 0, 0],
      ],
    )
    await begun.promise
    const busy = { code: 'busy', retryAfterMs: heartbeatMs }
    await expect(bench.upload(devices.slow!, [0, 8, 0, 0])).rejects.toMatchObject(busy)
    bench.rounds.setPaused('digits', true)
    goOn.resolve()
    await closed
    held.mockRestore()
    let answer: unknown
    for (let i = 0; i < 20 && answer !== heartbeatMs; i++) {
      await pass(1_000, ['a', 'b', 'slow']) // until the task’s pause is over
      answer = await bench
        .upload(devices.slow!, [0, 8, 0, 0])
        .catch((error: unknown) => error instanceof PanalError && error.retryAfterMs)
    }
    expect(answer).toBe(heartbeatMs)
  })

  it('[R6] is told to stop where the next round would be one too many', async () => {
    await closeRound(1, ['a', 'b'])
    await openNext(2)
    await closeRound(2, ['a', 'b'])
    expect(devices.slow!.withdrawn).toMatchObject([{ roundNumber: 1, code: 'round-closed' }])
    expect(beat(['slow'], 'waiting')).toEqual([null])
    const late = () => bench.upload(devices.slow!, [0, 8, 0, 0], { roundNumber: 1, baseVersion: 0 })
    await expect(late()).rejects.toMatchObject({
      code: 'round-closed',
      extra: { round: { number: 2 } },
    })
    await openNext(3)
    expect(devices.slow!.assignments.map(({ roundNumber }) => roundNumber)).toEqual([1, 3])
    await expect(late()).rejects.toMatchObject({ code: 'stale-round', extra: { round: { number: 3 } } })
  })

  it('[R10] [R12] is refused as any other: by its own base, and for good', async () => {
    await closeRound(1, ['a', 'b'])
    await openNext(2)
    await expect(bench.upload(devices.slow!, [0, 8, 0, 0], { baseVersion: 1 })).rejects.toMatchObject({
      code: 'wrong-base',
    })
    const refused = () => bench.upload(devices.slow!, [0, 800, 0, 0])
    await expect(refused()).rejects.toMatchObject({ code: 'norm-too-large' })
    await expect(refused()).rejects.toMatchObject({ code: 'norm-too-large' })
    expect(bench.rounds.current('digits')).toMatchObject({ number: 2, numRejected: 1 })
    expect(bench.log.updatesOf('digits', 2)).toMatchObject([{ verdict: 'norm-too-large', countedRound: 2 }])
  })
})

describe('[R25] between two rounds', () => {
  it('a device that gives its assignment back is as free as any other', async () => {
    await closeRound(1, ['a', 'b'])
    bench.rounds.decline('digits', idOf('slow'), { roundNumber: 1, reason: 'failed' })
    expect(beat(['slow'], 'waiting')).toEqual([null])
    await openNext(2)
    expect(bench.rounds.current('digits')).toMatchObject({ numInvited: 3, numDropped: 0 })
    expect(bench.rounds.current('digits')).not.toHaveProperty('numCarried')
    const late = bench.upload(devices.slow!, [0, 8, 0, 0], { roundNumber: 1, baseVersion: 0 })
    await expect(late).rejects.toMatchObject({ code: 'stale-round' })
    expect(await bench.upload(devices.slow!, [0, 8, 0, 0])).not.toHaveProperty('countedRound')
  })

  it('a device that leaves is lost, and goes on when it comes back in time', async () => {
    await closeRound(1, ['a', 'b'])
    bench.rounds.leave('digits', idOf('slow'))
    await openNext(2)
    expect(bench.rounds.current('digits')).toMatchObject({ numDropped: 1 })
    expect(bench.join('slow').assignments).toMatchObject([{ roundNumber: 1, manifest: { version: 0 } }])
    expect(await bench.upload(devices.slow!, [0, 8, 0, 0])).toMatchObject({ countedRound: 2 })
  })

  it('[R8] the next one opens for devices that were all away for longer than their lease', async () => {
    const closed = bench.closing(1)
    for (let i = 0; i < 62; i++) await pass(1_000)
    expect(await closed).toMatchObject({ outcome: 'abandoned', numDropped: 3 })
    const opened = bench.until((round) => round.number === 2)
    for (const name of ['a', 'b', 'slow']) devices[name] = bench.join(name)
    beat(['a', 'b', 'slow'], 'training')
    expect(devices.a!.assignments).toMatchObject([{ roundNumber: 1 }])
    await passUntil(opened, ['a', 'b', 'slow'])
    expect(bench.rounds.current('digits')).toMatchObject({ number: 2, phase: 'collecting', numCarried: 3 })
    expect(await bench.upload(devices.a!, [0, 8, 0, 0])).toMatchObject({ roundNumber: 1, countedRound: 2 })
  })

  it('[R2] the next one waits for the minimum, and those that left do not count', async () => {
    await closeRound(1, ['a', 'b'])
    for (const name of ['b', 'slow']) bench.rounds.leave('digits', idOf(name))
    for (let i = 0; i < 10; i++) await pass(1_000, ['a'])
    expect(bench.rounds.current('digits')).toMatchObject({ number: 1, phase: 'closed' })
    const opened = bench.until((round) => round.number === 2)
    devices.slow = bench.join('slow')
    expect(await passUntil(opened, ['a', 'slow'])).toMatchObject({ numInvited: 2, numCarried: 1, numDropped: 0 })
  })

  it('[P23] [R9] a device in quarantine is released, after a restart as well', async () => {
    await closeRound(1, ['a', 'b'])
    quarantined.add(idOf('slow'))
    bench.rounds.quarantineChanged(idOf('slow'))
    expect(devices.slow!.withdrawn).toMatchObject([{ roundNumber: 1, code: 'not-assigned' }])
    await bench.halt()
    await bench.boot()
    for (const name of ['a', 'b', 'slow']) devices[name] = bench.join(name)
    expect(devices.slow!.assignments).toEqual([])
    expect(beat(['slow'], 'waiting')).toEqual([null])
    expect(await openNext(2)).toMatchObject({ numInvited: 2, numDropped: 0 })
    // one that was put in quarantine while the server was away
    await bench.halt()
    quarantined.add(idOf('b'))
    await bench.boot()
    expect(bench.rounds.current('digits')).toMatchObject({ number: 2, phase: 'collecting', numDropped: 1 })
  })

  it('a device that gives its assignment back while a round waits to be tried again is released', async () => {
    const broken = jest.spyOn(bench.registry, 'conclude').mockRejectedValueOnce(new Error('the disk'))
    const failed = new Promise<void>((resolve) => (bench.onError = resolve))
    await bench.upload(devices.a!, [1, 0, 0, 0])
    await bench.upload(devices.b!, [1, 0, 0, 0])
    await failed
    broken.mockRestore()
    expect(bench.errors.splice(0)).toMatchObject([{ message: 'the disk' }])
    expect(bench.rounds.current('digits')).toMatchObject({ phase: 'gating' })
    bench.rounds.decline('digits', idOf('slow'), { roundNumber: 1, reason: 'failed' })
    expect(await openNext(2)).toMatchObject({ numInvited: 3, numDropped: 0 })
    expect(devices.slow!.assignments.map(({ roundNumber }) => roundNumber)).toEqual([1, 2])
  })

  it('[R2] [R9] the next one waits for the minimum after a restart', async () => {
    await bench.upload(devices.a!, [1, 0, 0, 0])
    const closed = bench.closing(1)
    while (bench.rounds.current('digits')?.phase === 'collecting') await pass(1_000, ['a', 'b', 'slow'])
    expect(await closed).toMatchObject({ outcome: 'abandoned', numAccepted: 1 })
    await bench.halt()
    await bench.boot()
    // two devices may go on, which is the minimum, and neither is there
    for (let i = 0; i < 10; i++) await pass(1_000)
    expect(bench.rounds.current('digits')).toMatchObject({ number: 1, phase: 'closed' })
    const opened = bench.until((round) => round.number === 2)
    for (const name of ['b', 'slow']) devices[name] = bench.join(name)
    for (let i = 0; i < 8; i++) await pass(1_000, ['b', 'slow'])
    expect(await opened).toMatchObject({ numInvited: 2, numCarried: 2, numDropped: 0 })
  })
})
