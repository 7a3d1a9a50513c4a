import { describe, expect, it } from '@jest/globals'
import { PanalError, refuse } from '@panal/client-core'
import { baseDigest, benchDevice, DeviceBench, last } from '../../../fixtures/device-bench.ts'
import { assignmentOf, joinReply, manifestOf } from '../../../fixtures/wire.ts'

const offerOf = (round: number) =>
  assignmentOf(round, { manifest: manifestOf({ version: round - 1, weightsSha256: baseDigest }) })

async function joined(bench = new DeviceBench()) {
  const session = bench.start()
  await bench.settle()
  return { bench, session }
}

describe('joining', () => {
  it('[P5] answered `unauthorized`, enrols anew once and joins', async () => {
    const bench = new DeviceBench()
    bench.answers.join = () => (bench.messages('join').length === 1 ? refuse('unauthorized') : joinReply())
    await joined(bench)
    await bench.clock.advance(1_000)
    expect(bench.numEnrolled).toBe(2)
    expect(bench.told('joined')).toMatchObject([{ deviceId: benchDevice.deviceId }])
    const kept = bench.storage.held.get('enrolled/digits')
    expect(JSON.parse(new TextDecoder().decode(kept))).toEqual({ deviceId: benchDevice.deviceId })
  })

  it('[P5] answered `unauthorized` again, gives up', async () => {
    const bench = new DeviceBench()
    bench.answers.join = () => refuse('unauthorized', 'not you')
    const { session } = await joined(bench)
    await bench.clock.advance(1_000)
    expect(await session.ended).toEqual({ state: 'left', reason: 'refused', code: 'unauthorized', detail: 'not you' })
    expect(bench.numEnrolled).toBe(2)
    expect(bench.messages('join')).toHaveLength(2)
  })

  it.each(['unsupported-version', 'unknown-task', 'forbidden', 'revoked', 'bad-request'] as const)(
    '[P7] refused with `%s`, does not try again',
    async (code) => {
      const bench = new DeviceBench()
      bench.answers.join = () => refuse(code)
      const { session } = await joined(bench)
      expect(await session.ended).toMatchObject({ state: 'left', reason: 'refused', code })
      expect(bench.messages('join')).toHaveLength(1)
      expect(bench.messages('leave')).toEqual([])
      expect(bench.clock.nextWakeAt).toBeUndefined()
    },
  )

  it('[P20] refused for now, tries again no earlier than the server asked', async () => {
    const bench = new DeviceBench()
    let refusals = 0
    bench.answers.join = () => (++refusals === 1 ? refuse('draining', 'soon', 8_000) : joinReply())
    await joined(bench)
    await bench.clock.advance(7_999)
    expect(bench.messages('join')).toHaveLength(1)
    // At most a fifth later than asked.
    await bench.clock.advance(1_602)
    expect(bench.messages('join')).toHaveLength(2)
    expect(bench.state.state).toBe('waiting')
  })

  it('[P3] a join without an answer is tried again', async () => {
    const bench = new DeviceBench()
    let joins = 0
    bench.answers.join = () => (++joins === 1 ? undefined : joinReply())
    await joined(bench)
    expect(bench.state.state).toBe('connecting')
    await bench.clock.advance(12_000)
    expect(bench.messages('join')).toHaveLength(2)
    expect(bench.state.state).toBe('waiting')
  })

  it('keeps trying to connect, ever more slowly, and counts the attempts', async () => {
    const bench = new DeviceBench()
    bench.connectError = new PanalError('unreachable')
    await joined(bench)
    // Half a second, one, two: ±50 % each.
    await bench.clock.advance(5_250)
    expect(bench.state).toMatchObject({ state: 'connecting' })
    const attempts = bench.told('state').map(({ state }) => (state.state === 'connecting' ? state.attempt : 0))
    expect(attempts.slice(0, 3)).toEqual([1, 2, 3])
    bench.connectError = undefined
    await bench.clock.advance(60_000)
    expect(bench.state.state).toBe('waiting')
  })

  it('a bug in connecting ends the session', async () => {
    const bench = new DeviceBench()
    bench.connectError = new TypeError('not a function')
    const { session } = await joined(bench)
    expect(await session.ended).toEqual({ state: 'left', reason: 'failed', detail: 'not a function' })
  })
})

describe('heartbeats', () => {
  it('[P8] come every heartbeatMs, also while training, and say how far it is', async () => {
    const { bench } = await joined()
    await bench.clock.advance(10_000)
    expect(bench.messages('heartbeat')).toEqual(
      Array.from({ length: 2 }, () => ({ phase: 'waiting', conditions: bench.conditions })),
    )
    await bench.offer(offerOf(1))
    await bench.finishDownload()
    last(bench.trainings).asked.onProgress?.(0.25, 1)
    await bench.clock.advance(5_000)
    expect(last(bench.messages('heartbeat'))).toMatchObject({ phase: 'training', roundNumber: 1, progress: 0.25 })
  })

  it('[P9] tell a waiting device when the next round is', async () => {
    const { bench } = await joined()
    bench.answers.heartbeat = () => ({ ok: true, roundNumber: null, nextRoundInMs: 4_000 })
    await bench.clock.advance(5_000)
    expect(bench.state).toEqual({ state: 'waiting', nextRoundInMs: 4_000 })
  })

  it('[P9] bring an assignment whose push was lost', async () => {
    const { bench } = await joined()
    bench.heldBack = offerOf(3)
    bench.answers.heartbeat = () => ({ ok: true, roundNumber: 3, nextRoundInMs: null })
    await bench.clock.advance(5_000)
    expect(bench.messages('join')).toHaveLength(2)
    expect(bench.state).toMatchObject({ state: 'downloading', roundNumber: 3 })
  })

  it('[P9] stop work that the server expects no more', async () => {
    const { bench } = await joined()
    await bench.offer(offerOf(1))
    bench.answers.heartbeat = () => ({ ok: true, roundNumber: null, nextRoundInMs: null })
    await bench.clock.advance(5_000)
    expect(last(bench.downloads).signal.aborted).toBe(true)
    expect(bench.told('withdrawn')).toMatchObject([{ roundNumber: 1, code: 'round-closed' }])
  })

  it('[P9] an answer that crossed a newer assignment does not stop it', async () => {
    const { bench } = await joined()
    bench.answers.heartbeat = () => {
      // The answer says `nothing`, and the offer leaves right behind it.
      void Promise.resolve().then(() => bench.end.emit('assignment', offerOf(1)))
      return { ok: true, roundNumber: null, nextRoundInMs: null }
    }
    await bench.clock.advance(5_000)
    expect(bench.state).toMatchObject({ state: 'downloading', roundNumber: 1 })
    expect(last(bench.downloads).signal.aborted).toBe(false)
  })

  it.each(['lease-lapsed', 'not-joined'] as const)('[P8] answered `%s`, joins again', async (code) => {
    const { bench } = await joined()
    bench.answers.heartbeat = () => refuse(code)
    await bench.clock.advance(5_000)
    expect(bench.messages('join')).toHaveLength(2)
  })

  it('[P3] are not sent without a connection, and go on after it is back', async () => {
    const { bench } = await joined()
    bench.end.drop()
    await bench.clock.advance(30_000)
    expect(bench.messages('heartbeat')).toEqual([])
    expect(bench.state).toMatchObject({ state: 'connecting' })
    bench.end.restore()
    await bench.clock.advance(5_000)
    expect(bench.messages('heartbeat')).toHaveLength(1)
  })
})

describe('[P13] a server that closes the connection', () => {
  it('and says when to come back is left alone until then; work goes on', async () => {
    const { bench } = await joined()
    await bench.offer(offerOf(1))
    await bench.finishDownload()
    bench.heldBack = offerOf(1)
    bench.end.emit('closing', { code: 'draining', detail: 'restarting', retryAfterMs: 5_000 })
    await bench.clock.advance(4_999)
    expect(bench.ends).toHaveLength(1)
    expect(bench.end.state).toBe('closed')
    await bench.clock.advance(1_002)
    expect(bench.ends).toHaveLength(2)
    expect(last(bench.messages('heartbeat'))).toMatchObject({ phase: 'training', roundNumber: 1 })
    await bench.finishTraining()
    await bench.finishUpload()
    expect(bench.told('accepted')).toHaveLength(1)
  })

  it('because another connection took over ends the session, and its work', async () => {
    const { bench, session } = await joined()
    await bench.offer(offerOf(1))
    bench.end.emit('closing', { code: 'superseded', detail: 'another tab' })
    expect(await session.ended).toEqual({
      state: 'left',
      reason: 'refused',
      code: 'superseded',
      detail: 'another tab',
    })
    expect(last(bench.downloads).signal.aborted).toBe(true)
    expect(bench.messages('leave')).toEqual([])
    expect(bench.clock.nextWakeAt).toBeUndefined()
  })
})
