import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { PanalError, RoundSummary } from '@panal/client-core'
import { SqlRegistry } from '@panal/server'
import { Value } from 'typebox/value'
import { judgedChecks, RoundsBench, type Device } from '../../../fixtures/rounds.ts'
import { digitsLike } from '../../../fixtures/task-document.ts'

const { cohort } = digitsLike()
const deadlineMs = 90_000
let bench: RoundsBench
let devices: Device[]

/** Three devices, all of them asked in round 1. */
beforeEach(async () => {
  bench = await RoundsBench.open({ cohort: { ...cohort, deadlineMs }, rounds: { minIntervalMs: 1_000 } })
  const opened = bench.until((round) => round.phase === 'collecting')
  devices = ['a', 'b', 'c'].map((name) => bench.join(name))
  await opened
})
afterEach(async () => {
  await bench.remove()
  expect(bench.errors).toEqual([])
})

describe('a round', () => {
  it('[R2] [R7] [R15] [R16] goes from selection to promotion', async () => {
    const closed = bench.closing(1)
    const receipts = await Promise.all([
      bench.upload(devices[0]!, [1, 0, 0, 0], { numExamples: 10 }),
      bench.upload(devices[1]!, [0, 2, 0, 0], { numExamples: 30 }),
      bench.upload(devices[2]!, [4, 0, 0, 8], { numExamples: 10 }),
    ])
    expect(receipts.map(({ weight, norm }) => [weight, norm])).toEqual([
      [10, 1],
      [30, 2],
      [10, Math.sqrt(80)],
    ])
    expect(await closed).toMatchObject({ outcome: 'promoted', numAccepted: 3, candidateVersion: 1, bytesUp: 48 })
    expect(bench.registry.pointers('digits')).toEqual({ head: 1, champion: 1, anchor: 1 })
    // (10·1 + 10·4)/50, 30·2/50, 0, 10·8/50
    expect(await bench.registry.params('digits', 1)).toEqual(Float32Array.of(1, 1.2, 0, 1.6))
    expect(bench.registry.version('digits', 1)).toMatchObject({
      parent: 0,
      roundNumber: 1,
      status: 'promoted',
      participants: devices.map(({ join }) => join.deviceId),
    })
  })

  it('tells how far the gate is, and of a closed round no more', async () => {
    const closed = bench.closing(1)
    await Promise.all(devices.map((device) => bench.upload(device, [1, 1, 1, 1])))
    expect(await closed).not.toHaveProperty('judging')
    const told = bench.summaries.filter(({ judging }) => judging !== undefined)
    expect(told.map(({ phase, judging }) => [phase, judging])).toEqual(
      judgedChecks.map((check, numDone) => ['gating', { check, numDone, numChecks: 2 }]),
    )
    expect(told.every((summary) => Value.Check(RoundSummary, summary))).toBe(true)
    expect(bench.registry.roundSummary('digits', 1)).not.toHaveProperty('judging')
  })

  it('[P13] tells no device how far the gate is: an older one would not understand its join’s answer', async () => {
    const joined: unknown[] = []
    const current: unknown[] = []
    bench.rounds.onRound(({ judging }) => {
      if (judging === undefined) return
      const reply = bench.rounds.join(devices[0]!.join, devices[0]!.link)
      joined.push(reply.ok && reply.round)
      current.push(bench.rounds.current('digits')?.judging)
    })
    const closed = bench.closing(1)
    await Promise.all(devices.map((device) => bench.upload(device, [1, 1, 1, 1])))
    await closed
    expect(joined).toEqual(judgedChecks.map(() => expect.objectContaining({ number: 1, phase: 'gating' })))
    for (const round of joined) expect(round).not.toHaveProperty('judging')
    expect(current).toEqual(judgedChecks.map((check, numDone) => ({ check, numDone, numChecks: 2 })))
  })

  it('is judged by the sets that its task has when it is judged', async () => {
    const { document } = bench.task
    const gate = '9'.repeat(64)
    const closed = bench.closing(1)
    bench.rounds.replace({ ...bench.task, document: { ...document, sets: { ...document.sets, gate } } })
    await Promise.all(devices.map((device) => bench.upload(device, [1, 1, 1, 1])))
    expect(await closed).toMatchObject({ outcome: 'promoted' })
    expect(bench.registry.looks(gate)).toMatchObject([{ version: 1 }])
    expect(bench.registry.looks(document.sets.gate)).toEqual([])
  })

  it('[R16] a rejected candidate still becomes head, and the champion stays', async () => {
    bench.verdicts.push('PASS', 'BLOCK')
    for (const number of [1, 2]) {
      const closed = bench.closing(number)
      await Promise.all(devices.map((device) => bench.upload(device, [1, 1, 1, 1])))
      await closed
      const opened = bench.until((round) => round.number === number + 1)
      await bench.letTimePass(opened)
    }
    expect(bench.registry.pointers('digits')).toEqual({ head: 2, champion: 1, anchor: 1 })
    expect(devices[0]!.assignments.map(({ manifest }) => manifest.version)).toEqual([0, 1, 2])
  })

  it('[R3] [R6] closes at the deadline without a silent device, which is told', async () => {
    const closed = bench.closing(1)
    await bench.upload(devices[0]!, [1, 1, 1, 1])
    await bench.upload(devices[1]!, [1, 1, 1, 1])
    for (let ms = 0; ms < deadlineMs; ms += 2_000) {
      for (const { join } of devices)
        bench.rounds.heartbeat('digits', join.deviceId, { phase: 'training', conditions: join.conditions })
      await bench.clock.advance(2_000)
    }
    expect(await closed).toMatchObject({ outcome: 'promoted', numAccepted: 2, numLate: 1 })
    expect(devices[2]!.withdrawn).toMatchObject([{ roundNumber: 1, code: 'round-closed' }])
    await expect(bench.upload(devices[2]!, [1, 1, 1, 1])).rejects.toMatchObject({
      code: 'round-closed',
      extra: { round: { number: 1, phase: 'closed' } },
    })
  })

  it('[R3] [R8] does not wait for devices that fell silent, left or declined', async () => {
    const closed = bench.closing(1)
    await bench.upload(devices[0]!, [1, 1, 1, 1])
    bench.rounds.leave('digits', devices[1]!.join.deviceId)
    bench.rounds.decline('digits', devices[2]!.join.deviceId, { roundNumber: 1, reason: 'paused' })
    expect(await closed).toMatchObject({
      outcome: 'abandoned',
      reason: '1 accepted updates; the task needs 2',
      numDropped: 2,
    })
    expect(bench.registry.pointers('digits').head).toBe(0)
  })

  it('[R8] a lease that runs out ends the wait; a device that returns in time is asked again', async () => {
    await bench.upload(devices[0]!, [1, 1, 1, 1])
    bench.rounds.unlink('digits', devices[1]!.join.deviceId, devices[1]!.link)
    const keep = () =>
      bench.rounds.heartbeat('digits', devices[2]!.join.deviceId, {
        phase: 'training',
        conditions: devices[2]!.join.conditions,
      })
    const dropped = bench.until((round) => round.numDropped === 1)
    for (let ms = 0; ms < 4_000; ms += 1_000) {
      keep()
      await bench.clock.advance(1_000)
    }
    await dropped
    const back = bench.join('b')
    expect(back.assignments).toMatchObject([{ roundNumber: 1 }])
    const closed = bench.closing(1)
    await bench.upload(back, [1, 1, 1, 1])
    await bench.upload(devices[2]!, [1, 1, 1, 1])
    expect(await closed).toMatchObject({ numAccepted: 3, numDropped: 0 })
  })
})

describe('what no rule foresees', () => {
  const diskFull = () => {
    throw new PanalError('disk-full')
  }

  it('is told when a lapsed lease cannot be noted, and the leases are watched further', async () => {
    jest.spyOn(bench.registry, 'saveRound').mockImplementationOnce(diskFull)
    await bench.clock.advance(6_000) // all leases lapse: that ends the round, which cannot be saved
    expect(bench.errors.splice(0)).toMatchObject([{ code: 'disk-full' }])
    bench.join('d')
    await bench.clock.advance(6_000)
    expect(bench.rounds.numMembers('digits')).toBe(0)
  })

  it('is told when the open round cannot be read at a start, and tried again', async () => {
    await bench.halt()
    const reading = jest.spyOn(SqlRegistry.prototype, 'openRounds').mockImplementation(diskFull)
    await bench.boot()
    await bench.clock.advance(1_000)
    const told = bench.errors.splice(0)
    expect(told.length).toBeGreaterThan(0)
    expect(told[0]).toMatchObject({ code: 'disk-full' })
    reading.mockRestore()
    const closed = bench.closing(1)
    await bench.clock.advance(120_000)
    expect(await closed).toMatchObject({ outcome: 'abandoned' })
    bench.errors.splice(0)
  })
})

describe('an update', () => {
  it('[R11] [I2] [I5] counts once: the same bytes get the same receipt, other bytes are refused', async () => {
    const first = await bench.upload(devices[0]!, [1, 2, 3, 4])
    expect(await bench.upload(devices[0]!, [1, 2, 3, 4])).toEqual(first)
    await expect(bench.upload(devices[0]!, [1, 2, 3, 5])).rejects.toMatchObject({ code: 'conflicting-update' })
    expect(bench.rounds.current('digits')).toMatchObject({ numAccepted: 1 })
  })

  it('[R11] [I5] gets the same receipt also after its round', async () => {
    const closed = bench.closing(1)
    const [first] = await Promise.all(devices.map((device) => bench.upload(device, [1, 1, 1, 1])))
    await closed
    expect(await bench.upload(devices[0]!, [1, 1, 1, 1])).toEqual(first)
  })

  it('[R11] two different ones sent at once: one counts, and its bytes are the ones that are kept', async () => {
    const closed = bench.closing(1)
    const both = await Promise.allSettled([
      bench.upload(devices[0]!, [3, 3, 3, 3]),
      bench.upload(devices[0]!, [6, 6, 6, 6]),
    ])
    expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const counted = both[0].status === 'fulfilled' ? 3 : 6
    await bench.upload(devices[1]!, [0, 0, 0, 0])
    await bench.upload(devices[2]!, [0, 0, 0, 0])
    await closed
    expect(await bench.registry.params('digits', 1)).toEqual(new Float32Array(4).fill(counted / 3))
  })

  it.each([
    ['a NaN', [NaN, 0, 0, 0], 'non-finite'],
    ['an infinite value', [0, Infinity, 0, 0], 'non-finite'],
    ['a norm over the cap', [200, 0, 0, 0], 'norm-too-large'],
    ['too few params', [1, 2, 3], 'wrong-length'],
    ['no params at all', new Uint8Array(7), 'undecodable'],
  ] as const)('[R12] with %s is refused for good, and the round goes on', async (_, delta, code) => {
    const bytes = delta instanceof Uint8Array ? delta : new Uint8Array(Float32Array.from(delta).buffer)
    await expect(bench.upload(devices[0]!, bytes)).rejects.toMatchObject({ code })
    await expect(bench.upload(devices[0]!, bytes)).rejects.toMatchObject({ code })
    await expect(bench.upload(devices[0]!, [1, 1, 1, 1])).rejects.toMatchObject({ code: 'conflicting-update' })
    const closed = bench.closing(1)
    await bench.upload(devices[1]!, [1, 1, 1, 1])
    await bench.upload(devices[2]!, [3, 3, 3, 3])
    expect(await closed).toMatchObject({ outcome: 'promoted', numAccepted: 2, numRejected: 1 })
    expect(await bench.registry.params('digits', 1)).toEqual(new Float32Array(4).fill(2))
  })

  it.each([
    ['of a round that is not open yet', { roundNumber: 2 }, 'future-round'],
    ['from another base', { baseVersion: 7 }, 'wrong-base'],
    ['from the base’s version with other weights', { baseSha256: 'e'.repeat(64) }, 'wrong-base'],
    ['longer than the codec needs', { bytes: 17 }, 'wrong-length'],
    ['more than twice as long', { bytes: 33 }, 'too-large'],
    ['shorter than declared', { body: Readable.from([Buffer.alloc(10)]) }, 'length-mismatch'],
    ['longer than declared', { body: Readable.from([Buffer.alloc(20)]) }, 'length-mismatch'],
    ['whose digest is another', { sha256: 'f'.repeat(64) }, 'digest-mismatch'],
    ['that claims too many examples', { numExamples: 1e9 }, 'weight-out-of-range'],
  ] as const)('[R10] [R12] %s is refused', async (_, changes, code) => {
    await expect(bench.upload(devices[0]!, [1, 1, 1, 1], changes)).rejects.toMatchObject({ code })
  })

  it('[R12] may be sent again after a broken transfer', async () => {
    const cut = { body: Readable.from([Buffer.alloc(3)]) }
    await expect(bench.upload(devices[0]!, [1, 1, 1, 1], cut)).rejects.toMatchObject({ code: 'length-mismatch' })
    expect(await bench.upload(devices[0]!, [1, 1, 1, 1])).toMatchObject({ weight: 10 })
  })

  it('[R1] [R13] whose row the disk refuses is refused, and nothing has moved; sent again, it counts', async () => {
    await bench.upload(devices[0]!, [1, 1, 1, 1])
    await bench.upload(devices[1]!, [1, 1, 1, 1])
    const disk = jest.spyOn(bench.registry, 'saveRound').mockImplementationOnce(() => {
      throw new PanalError('disk-full')
    })
    await expect(bench.upload(devices[2]!, [1, 1, 1, 1])).rejects.toMatchObject({ code: 'disk-full' })
    expect(bench.rounds.current('digits')).toMatchObject({ phase: 'collecting', numAccepted: 2 })
    disk.mockRestore()
    const closed = bench.closing(1)
    await bench.upload(devices[2]!, [1, 1, 1, 1])
    expect(await closed).toMatchObject({ outcome: 'promoted', numAccepted: 3 })
  })

  it('[R10] of a device that was not asked is refused', async () => {
    const late = bench.join('z')
    const [assignment] = devices[0]!.assignments
    await expect(bench.upload({ ...late, assignments: [assignment!] }, [1, 1, 1, 1])).rejects.toMatchObject({
      code: 'not-assigned',
    })
  })

  it('[F17] of a device that is revoked while it waits for an older one is refused, and does not count', async () => {
    const stalled = new Readable({ read: () => undefined })
    stalled.push(Buffer.alloc(5))
    const older = expect(bench.upload(devices[0]!, [1, 1, 1, 1], { body: stalled })).rejects.toMatchObject({
      code: 'superseded',
    })
    const newer = expect(bench.upload(devices[0]!, [1, 1, 1, 1])).rejects.toMatchObject({ code: 'revoked' })
    bench.rounds.expel(devices[0]!.join.deviceId)
    await Promise.all([older, newer])
    expect(bench.log.updatesOf('digits', 1)).toEqual([])
  })

  it('[R6] in flight when its round closes is refused, and does not count', async () => {
    const stalled = new Readable({ read: () => undefined })
    stalled.push(Buffer.alloc(5))
    const uploading = bench.upload(devices[0]!, [1, 1, 1, 1], { body: stalled })
    const refused = expect(uploading).rejects.toMatchObject({ code: 'round-closed' })
    const closed = bench.closing(1)
    await bench.upload(devices[1]!, [1, 1, 1, 1])
    await bench.upload(devices[2]!, [1, 1, 1, 1])
    bench.rounds.decline('digits', devices[0]!.join.deviceId, { roundNumber: 1, reason: 'failed' })
    await refused
    expect(await closed).toMatchObject({ numAccepted: 2 })
  })
})

describe('a restart', () => {
  it('[R9] keeps every acknowledged update and waits for the others', async () => {
    const receipt = await bench.upload(devices[0]!, [3, 3, 3, 3])
    await bench.halt()
    expect(devices[0]!.closed).toMatchObject([{ code: 'draining', retryAfterMs: expect.any(Number) }])
    const opened = bench.until((round) => round.number === 1 && round.phase === 'collecting')
    await bench.boot()
    expect(await opened).toMatchObject({ numAccepted: 1, numInvited: 3 })
    expect(bench.rounds.numMembers('digits')).toBe(2) // those it still waits for
    const back = ['a', 'b', 'c'].map((name) => bench.join(name))
    expect(back.map(({ assignments }) => assignments.length)).toEqual([0, 1, 1])
    expect(bench.rounds.current('digits')).toMatchObject({ bytesUp: 16 })
    expect(await bench.upload({ ...back[0]!, assignments: devices[0]!.assignments }, [3, 3, 3, 3])).toEqual(receipt)
    const closed = bench.closing(1)
    await bench.upload(back[1]!, [0, 0, 0, 0])
    await bench.upload(back[2]!, [0, 0, 0, 0])
    expect(await closed).toMatchObject({ numAccepted: 3, outcome: 'promoted' })
    expect(await bench.registry.params('digits', 1)).toEqual(new Float32Array(4).fill(1))
  })

  it('[R8] [R9] does not ask again who had declined', async () => {
    bench.rounds.decline('digits', devices[0]!.join.deviceId, { roundNumber: 1, reason: 'failed' })
    await bench.halt()
    const opened = bench.until((round) => round.phase === 'collecting')
    await bench.boot()
    await opened
    const back = ['a', 'b'].map((name) => bench.join(name))
    expect(back.map(({ assignments }) => assignments.length)).toEqual([0, 1])
    await expect(
      bench.upload({ ...back[0]!, assignments: devices[0]!.assignments }, [1, 1, 1, 1]),
    ).rejects.toMatchObject({ code: 'not-assigned' })
  })

  it('[R17] abandons a round whose spooled update is gone, and goes on', async () => {
    const gone = jest.spyOn(bench.registry, 'propose').mockRejectedValueOnce(new Error('stopped here'))
    await Promise.all(devices.map((device) => bench.upload(device, [1, 1, 1, 1])))
    await bench.halt()
    gone.mockRestore()
    await rm(join(bench.folder, 'uploads', 'digits', '1'), { recursive: true })
    const closed = bench.closing(1)
    await bench.boot()
    expect(await closed).toMatchObject({ outcome: 'abandoned' })
    bench.errors.length = 0
  })

  it('[R20] [F45] never averages an update that has one bit flipped in the spool: the round is abandoned, and says so', async () => {
    const stopped = jest.spyOn(bench.registry, 'propose').mockRejectedValueOnce(new Error('stopped here'))
    await Promise.all(devices.map((device) => bench.upload(device, [1, 1, 1, 1])))
    await bench.halt()
    stopped.mockRestore()
    bench.errors.length = 0
    const file = join(bench.folder, 'uploads', 'digits', '1', `${devices[1]!.join.deviceId}.update`)
    const bytes = await readFile(file)
    bytes[3] = bytes[3]! ^ 1
    await writeFile(file, bytes)
    const closed = bench.closing(1)
    await bench.boot()
    expect(await closed).toMatchObject({
      outcome: 'abandoned',
      reason: expect.stringMatching(/^damaged-update: .* no longer has the bytes of its receipt/),
    })
    expect(bench.registry.versions('digits')).toHaveLength(1)
    expect(bench.registry.pointers('digits').head).toBe(0)
    const next = bench.until((round) => round.number === 2 && round.phase === 'collecting')
    for (const name of ['a', 'b', 'c']) bench.join(name)
    await bench.letTimePass(next)
  })

  it('[R21] keeps the updates of the newest closed round, and no partial uploads', async () => {
    const spooled = () => readdir(join(bench.folder, 'uploads', 'digits')).then((names) => names.sort())
    for (const number of [1, 2]) {
      const closed = bench.closing(number)
      const uploads = devices.map((device) => bench.upload(device, [1, 1, 1, 1]))
      await Promise.all(uploads)
      await closed
      await bench.letTimePass(bench.until((round) => round.number === number + 1))
    }
    expect(await spooled()).toEqual(['2'])
    expect(
      (await readdir(join(bench.folder, 'uploads', 'digits', '2'))).every((name) => name.endsWith('.update')),
    ).toBe(true)
  })

  it('[R22] a task that was killed after its last round and before its pause opens no further one', async () => {
    const finished = jest.fn()
    await bench.halt()
    bench.onFinished = finished
    await bench.boot(false, { max: 1 })
    const closed = bench.closing(1)
    const back = ['a', 'b', 'c'].map((name) => bench.join(name))
    await Promise.all(back.map((device) => bench.upload(device, [1, 1, 1, 1])))
    await closed
    await bench.halt()
    finished.mockClear()
    await bench.boot(false, { max: 1 })
    expect(finished).toHaveBeenCalledTimes(1)
  })

  it('[R9] gives up on devices that do not come back within a minute, before the deadline', async () => {
    await bench.halt()
    const opened = bench.until((round) => round.phase === 'collecting')
    await bench.boot()
    await opened
    const closed = bench.closing(1)
    await bench.clock.advance(65_000)
    expect(await closed).toMatchObject({ outcome: 'abandoned', numDropped: 3 })
  })
})
