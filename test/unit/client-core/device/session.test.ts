import { describe, expect, it } from '@jest/globals'
import {
  maxTrainMs,
  PanalError,
  protocolVersion,
  readLedger,
  refuse,
  startSession,
  type Assignment,
  type SessionEvent,
  type SessionOptions,
} from '@panal/client-core'
import {
  baseBytes,
  baseDigest,
  benchDevice,
  DeviceBench,
  last,
  sha256,
  trained,
} from '../../../fixtures/device-bench.ts'
import { assignmentOf, joinReply, manifestOf, roundSummary, taskCard } from '../../../fixtures/wire.ts'

const offerOf = (
  round: number,
  { weightsSha256 = baseDigest, ...changes }: Partial<Assignment> & { weightsSha256?: string } = {},
) => assignmentOf(round, { manifest: manifestOf({ version: round - 1, weightsSha256 }), ...changes })

async function joined(bench = new DeviceBench()) {
  const session = bench.start()
  await bench.settle()
  return { bench, session }
}

/** Options that are an object with a life of its own. */
class Owner implements SessionOptions {
  readonly taskId = 'digits'
  readonly heard: string[] = []
  readonly runtime
  readonly data
  readonly makeTrainer

  constructor({ runtime, dataset, makeTrainer }: DeviceBench) {
    this.runtime = runtime
    this.data = dataset
    this.makeTrainer = makeTrainer
  }

  onEvent({ type }: SessionEvent): void {
    this.heard.push(type)
  }
}

it('tells its owner in the owner’s name, as any method is called', async () => {
  const bench = new DeviceBench()
  const owner = new Owner(bench)
  const session = startSession(owner)
  await bench.settle()
  await session.leave()
  expect(owner.heard).toContain('joined')
})

/** A device in the middle of each phase of its work on round 1. */
const reach = {
  downloading: async () => {
    const { bench, session } = await joined()
    await bench.offer(offerOf(1))
    return { bench, session, signal: last(bench.downloads).signal }
  },
  training: async () => {
    const { bench, session } = await reach.downloading()
    await bench.finishDownload()
    return { bench, session, signal: last(bench.trainings).signal }
  },
  uploading: async () => {
    const { bench, session } = await reach.training()
    await bench.finishTraining()
    return { bench, session, signal: last(bench.uploads).signal }
  },
}
const phases = ['downloading', 'training', 'uploading'] as const

describe('a round that goes well', () => {
  it('[P6] joins, trains from the base, uploads the delta, keeps the receipt and waits again', async () => {
    const { bench } = await joined()
    expect(bench.messages('join')).toEqual([
      {
        protocolVersion,
        taskId: 'digits',
        deviceId: benchDevice.deviceId,
        proof: expect.any(String),
        numExamples: 2,
        conditions: { charging: true, unmetered: true, idle: true },
      },
    ])
    expect(bench.told('joined')).toMatchObject([{ deviceId: benchDevice.deviceId }])
    expect(bench.state).toEqual({ state: 'waiting', nextRoundInMs: null })

    await bench.offer(offerOf(1))
    expect(bench.state).toEqual({ state: 'downloading', roundNumber: 1, fraction: 0 })
    await bench.finishDownload()
    expect(bench.state).toEqual({ state: 'training', roundNumber: 1, fraction: 0, loss: null })
    const training = last(bench.trainings)
    expect([...training.asked.base]).toEqual([1, 2, 3])
    training.asked.onProgress?.(0.5, 1.25)
    expect(bench.state).toEqual({ state: 'training', roundNumber: 1, fraction: 0.5, loss: 1.25 })
    await bench.clock.advance(300)
    await bench.finishTraining()
    expect(bench.state).toEqual({ state: 'uploading', roundNumber: 1, fraction: 0 })
    const { bytes, header, ...target } = last(bench.uploads).asked
    expect(target).toEqual({ taskId: 'digits', roundNumber: 1, sha256: await sha256(bytes) })
    expect([...new Float32Array(new Uint8Array(bytes).buffer)]).toEqual([0.5, -1, 0.25])
    expect(header).toEqual({
      codec: 'f32',
      baseVersion: 0,
      baseSha256: baseDigest,
      numExamples: 2,
      numSteps: 1,
      lossBefore: 2,
      lossAfter: 1,
      trainMs: 300,
    })
    await bench.finishUpload()
    const [accepted] = bench.told('accepted')
    expect(accepted).toMatchObject({ lossBefore: 2, lossAfter: 1, trainMs: 300, bytesDown: 12, bytesUp: 12 })
    const [entry] = await readLedger(bench.storage, 'digits')
    expect(entry?.receipt).toEqual(accepted?.receipt)
    expect(bench.state.state).toBe('waiting')
  })

  it('takes an assignment that comes with the join', async () => {
    const bench = new DeviceBench()
    bench.heldBack = offerOf(4)
    await joined(bench)
    expect(bench.state).toEqual({ state: 'downloading', roundNumber: 4, fraction: 0 })
  })

  it('[P6] takes an assignment that is pushed right behind the answer to the first join', async () => {
    const bench = new DeviceBench()
    bench.answers.join = () => {
      void Promise.resolve().then(() => bench.end.emit('assignment', offerOf(1)))
      return joinReply()
    }
    await joined(bench)
    expect(bench.told('failed')).toEqual([])
    expect(bench.state).toEqual({ state: 'downloading', roundNumber: 1, fraction: 0 })
  })

  it('[P5] enrols once: the next session has the same identity', async () => {
    const { bench, session } = await joined()
    await session.leave()
    await joined(bench)
    expect(bench.numEnrolled).toBe(1)
    expect(last(bench.messages('join'))).toMatchObject({ deviceId: benchDevice.deviceId })
  })

  it('leaves out a loss that is not a number, which JSON cannot say', async () => {
    const { bench } = await reach.training()
    await bench.finishTraining(trained({ lossBefore: Number.NaN, lossAfter: Number.POSITIVE_INFINITY }))
    expect(Object.keys(last(bench.uploads).asked.header).sort()).toEqual([
      'baseSha256',
      'baseVersion',
      'codec',
      'numExamples',
      'numSteps',
      'trainMs',
    ])
  })
})

describe('a clock that is set in the middle of training', () => {
  it.each([
    ['back', 500, 0],
    ['on by a year', -31_536_000_000, maxTrainMs],
  ])('%s costs no update: the time it reports stays within bounds', async (_, waitedMs, trainMs) => {
    const { bench } = await reach.training()
    await bench.finishTraining(trained({ waitedMs }))
    expect(last(bench.uploads).asked.header.trainMs).toBe(trainMs)
  })
})

describe('what interrupts it', () => {
  it.each(phases)('[P12] withdrawn while %s: stops at once and waits', async (phase) => {
    const { bench, signal } = await reach[phase]()
    bench.end.emit('withdrawn', { roundNumber: 1, code: 'round-closed', retryAfterMs: 700 })
    await bench.settle()
    expect(signal.aborted).toBe(true)
    expect(bench.told('withdrawn')).toEqual([{ type: 'withdrawn', roundNumber: 1, code: 'round-closed' }])
    expect(bench.state).toEqual({ state: 'waiting', nextRoundInMs: 700 })
    expect(last(bench.messages('heartbeat')).phase).toBe('waiting')
    expect(bench.told('accepted')).toEqual([])
  })

  it('[P12] a withdrawal of another round changes nothing', async () => {
    const { bench, signal } = await reach.training()
    bench.end.emit('withdrawn', { roundNumber: 2, code: 'round-closed', retryAfterMs: 0 })
    await bench.settle()
    expect(signal.aborted).toBe(false)
  })

  it.each(phases)('[P10] the deadline while %s: stops by its own clock', async (phase) => {
    const { bench, signal } = await reach[phase]()
    await bench.clock.advance(59_999)
    expect(signal.aborted).toBe(false)
    await bench.clock.advance(1)
    expect(signal.aborted).toBe(true)
    expect(bench.told('withdrawn')).toMatchObject([{ code: 'round-closed' }])
  })

  it('[P12] the end of collection stops training, but not an upload', async () => {
    const training = await reach.training()
    training.bench.end.emit('round', roundSummary(1, { phase: 'aggregating' }))
    await training.bench.settle()
    expect(training.signal.aborted).toBe(true)

    const uploading = await reach.uploading()
    uploading.bench.end.emit('round', roundSummary(1, { phase: 'aggregating' }))
    await uploading.bench.settle()
    expect(uploading.signal.aborted).toBe(false)
    await uploading.bench.finishUpload()
    expect(uploading.bench.told('accepted')).toHaveLength(1)
  })

  it('[P12] where stale updates count, work goes on until the last round in which its update may', async () => {
    const bench = new DeviceBench()
    bench.answers.join = () => joinReply({ task: taskCard({ cohort: { ...taskCard().cohort, maxStaleness: 2 } }) })
    await joined(bench)
    await bench.offer(offerOf(1))
    await bench.finishDownload()
    const { signal } = last(bench.trainings)
    for (const round of [roundSummary(1, { phase: 'closed' }), roundSummary(2), roundSummary(3)]) {
      bench.end.emit('round', round)
      await bench.settle()
      expect(signal.aborted).toBe(false)
    }
    bench.end.emit('round', roundSummary(3, { phase: 'aggregating' }))
    await bench.settle()
    expect(signal.aborted).toBe(true)
    expect(bench.told('withdrawn')).toMatchObject([{ roundNumber: 1, code: 'round-closed' }])
  })

  it('[P4] losing the link while training: training goes on, and the rejoin does not start it again', async () => {
    const { bench, signal } = await reach.training()
    bench.heldBack = offerOf(1)
    bench.end.drop()
    await bench.clock.advance(2_000)
    expect(bench.state.state).toBe('training')
    bench.end.restore()
    await bench.settle()
    expect(bench.messages('join')).toHaveLength(2)
    expect(last(bench.messages('heartbeat'))).toMatchObject({ phase: 'training', roundNumber: 1 })
    expect(signal.aborted).toBe(false)
    await bench.finishTraining()
    await bench.finishUpload()
    expect(bench.trainings).toHaveLength(1)
    expect(bench.told('accepted')).toHaveLength(1)
  })

  it('[P4] a rejoin that brings no assignment ends the work: the withdrawal was lost', async () => {
    const { bench, signal } = await reach.training()
    bench.end.drop()
    bench.end.restore()
    await bench.clock.advance(1_000)
    expect(signal.aborted).toBe(true)
    expect(bench.state.state).toBe('waiting')
  })

  it('[P10] the same assignment twice runs once, also after it is done', async () => {
    const { bench } = await reach.downloading()
    await bench.offer(offerOf(1))
    expect(bench.downloads).toHaveLength(1)
    await bench.finishDownload()
    await bench.finishTraining()
    await bench.finishUpload()
    await bench.offer(offerOf(1))
    expect(bench.trainings).toHaveLength(1)
    expect(bench.state.state).toBe('waiting')
  })

  it('[P10] a newer assignment replaces an older; an older one is ignored', async () => {
    const { bench, signal } = await reach.training()
    await bench.offer(offerOf(2))
    expect(signal.aborted).toBe(true)
    expect(bench.told('withdrawn')).toMatchObject([{ roundNumber: 1, code: 'stale-round' }])
    await bench.offer(offerOf(1))
    expect(bench.state).toMatchObject({ state: 'training', roundNumber: 2 })
    await bench.finishTraining()
    await bench.finishUpload()
    expect(bench.told('accepted')).toMatchObject([{ receipt: { roundNumber: 2 } }])
  })

  it('[P12] a newer assignment leaves an upload its verdict, and is begun beside it', async () => {
    const { bench, signal } = await reach.uploading()
    await bench.offer(offerOf(2))
    expect(signal.aborted).toBe(false)
    expect(bench.state).toMatchObject({ state: 'training', roundNumber: 2 })
    await bench.finishUpload()
    expect(bench.told('accepted')).toMatchObject([{ receipt: { roundNumber: 1 } }])
    expect(bench.state).toMatchObject({ state: 'training', roundNumber: 2 })
    expect(last(bench.trainings).signal.aborted).toBe(false)
    await bench.finishTraining()
    await bench.finishUpload()
    expect(bench.told('accepted')).toMatchObject([{ receipt: { roundNumber: 1 } }, { receipt: { roundNumber: 2 } }])
    expect(bench.told('withdrawn')).toEqual([])
    expect(bench.state.state).toBe('waiting')
  })

  it('[P12] an upload that a newer assignment overtook is given up when no verdict comes, and nothing else is', async () => {
    const { bench, session, signal } = await reach.uploading()
    await bench.offer(offerOf(2))
    await bench.clock.advance(9_999)
    expect(signal.aborted).toBe(false)
    await bench.clock.advance(1)
    expect(signal.aborted).toBe(true)
    expect(bench.told('withdrawn')).toMatchObject([{ roundNumber: 1, code: 'stale-round' }])
    expect(bench.state).toMatchObject({ state: 'training', roundNumber: 2 })
    expect(last(bench.trainings).signal.aborted).toBe(false)
    await session.leave()
    expect(bench.told('withdrawn')).toHaveLength(1)
  })

  it('[P13] leaving ends an upload that a newer assignment overtook, too', async () => {
    const { bench, session, signal } = await reach.uploading()
    await bench.offer(offerOf(2))
    await session.leave()
    expect(signal.aborted).toBe(true)
    expect(bench.numDisposed).toBe(1)
  })

  it('[P11] what a withdrawal ended may be offered again', async () => {
    const { bench } = await reach.training()
    bench.end.emit('withdrawn', { roundNumber: 1, code: 'lease-lapsed', retryAfterMs: 0 })
    await bench.offer(offerOf(1))
    expect(bench.trainings).toHaveLength(2)
    expect(last(bench.trainings).signal.aborted).toBe(false)
  })

  it('works for a server that counts its rounds from 1 again, as long as no model goes back', async () => {
    const { bench } = await joined()
    bench.answers.join = () => joinReply({ round: roundSummary(5) })
    await bench.offer(offerOf(5))
    await bench.finishDownload()
    await bench.finishTraining()
    await bench.finishUpload()
    bench.end.drop()
    bench.end.restore()
    await bench.settle()
    await bench.offer(offerOf(5))
    expect(bench.trainings).toHaveLength(1)
    bench.answers.join = () => joinReply({ round: null })
    bench.end.drop()
    bench.end.restore()
    await bench.settle()
    await bench.offer(assignmentOf(1, { manifest: manifestOf({ version: 4, weightsSha256: baseDigest }) }))
    expect(bench.trainings).toHaveLength(2)
  })

  it('ignores an assignment of another task', async () => {
    const { bench } = await joined()
    await bench.offer(offerOf(1, { taskId: 'credit' }))
    expect(bench.downloads).toEqual([])
  })
})

describe('pause and resume', () => {
  it.each(phases)('[P11] pausing while %s gives the assignment back', async (phase) => {
    const { bench, session, signal } = await reach[phase]()
    session.pause()
    session.pause()
    await bench.settle()
    expect(signal.aborted).toBe(true)
    expect(bench.messages('decline')).toEqual([{ roundNumber: 1, reason: 'paused' }])
    expect(last(bench.messages('heartbeat'))).toMatchObject({ phase: 'paused' })
    expect(bench.state).toEqual({ state: 'paused' })
  })

  it('pausing at the news of a receipt gives nothing back', async () => {
    const { bench, session } = await reach.uploading()
    bench.onEvent = ({ type }) => type === 'accepted' && session.pause()
    await bench.finishUpload()
    expect(bench.told('withdrawn')).toEqual([])
    expect(bench.messages('decline')).toEqual([])
    expect(last(bench.messages('heartbeat')).phase).toBe('paused')
    expect(bench.state).toEqual({ state: 'paused' })
  })

  it('[P9] a paused device declines what is offered, and works again once resumed', async () => {
    const { bench, session } = await joined()
    session.pause()
    await bench.offer(offerOf(1))
    expect(bench.messages('decline')).toEqual([{ roundNumber: 1, reason: 'paused' }])
    expect(bench.downloads).toEqual([])
    session.resume()
    await bench.settle()
    expect(last(bench.messages('heartbeat')).phase).toBe('waiting')
    expect(bench.state.state).toBe('waiting')
    await bench.offer(offerOf(2))
    expect(bench.state).toMatchObject({ state: 'downloading', roundNumber: 2 })
  })

  it('[P8] a device that was paused while the link was down says so after the rejoin', async () => {
    const { bench, session } = await joined()
    bench.end.drop()
    session.pause()
    bench.end.restore()
    await bench.settle()
    expect(bench.messages('join')).toHaveLength(2)
    expect(last(bench.messages('heartbeat')).phase).toBe('paused')
    expect(bench.state).toEqual({ state: 'paused' })
  })
})

describe('leaving', () => {
  it.each(['waiting', ...phases] as const)(
    '[P13] leaving while %s: stops, says goodbye, leaves nothing running',
    async (phase) => {
      const { bench, session, signal } =
        phase === 'waiting' ? { ...(await joined()), signal: undefined } : await reach[phase]()
      await session.leave()
      expect(signal?.aborted).not.toBe(false)
      expect(bench.messages('leave')).toHaveLength(1)
      expect(bench.end.state).toBe('closed')
      expect(bench.numDisposed).toBe(1)
      expect(await session.ended).toEqual({ state: 'left', reason: 'asked' })
      expect(bench.state).toEqual({ state: 'left', reason: 'asked' })
      expect(bench.clock.nextWakeAt).toBeUndefined()
    },
  )

  it('leaving while the server is out of reach', async () => {
    const bench = new DeviceBench()
    bench.connectError = new PanalError('unreachable')
    const { session } = await joined(bench)
    await session.leave()
    expect(await session.ended).toEqual({ state: 'left', reason: 'asked' })
    expect(bench.clock.nextWakeAt).toBeUndefined()
  })

  it('a server that does not answer the goodbye delays it by one second at most', async () => {
    const { bench, session } = await joined()
    bench.answers.leave = () => undefined
    const left = session.leave()
    await bench.clock.advance(1_000)
    await left
    expect(bench.clock.nextWakeAt).toBeUndefined()
  })

  it('aborting the signal is leaving', async () => {
    const bench = new DeviceBench()
    const stop = new AbortController()
    const session = bench.start(stop.signal)
    await bench.settle()
    await bench.offer(offerOf(1))
    stop.abort()
    expect(await session.ended).toEqual({ state: 'left', reason: 'asked' })
    expect(last(bench.downloads).signal.aborted).toBe(true)
    expect(bench.messages('leave')).toHaveLength(1)
  })

  it('a signal that has aborted already: nothing starts', async () => {
    const bench = new DeviceBench()
    const session = bench.start(AbortSignal.abort())
    expect(await session.ended).toEqual({ state: 'left', reason: 'asked' })
    expect(bench.asked).toEqual([])
  })
})

describe('verdicts and failures', () => {
  it('[P20] a refused update is told, and the device waits for the next round', async () => {
    const { bench } = await reach.uploading()
    last(bench.uploads).fail(new PanalError('norm-too-large', 'the norm is 9'))
    await bench.settle()
    expect(bench.told('refused')).toEqual([
      { type: 'refused', roundNumber: 1, code: 'norm-too-large', detail: 'the norm is 9' },
    ])
    expect(bench.state.state).toBe('waiting')
    await bench.offer(offerOf(2))
    expect(bench.state).toMatchObject({ roundNumber: 2 })
  })

  it.each(['not-joined', 'lease-lapsed'] as const)(
    '[P8] an upload answered %s: joins again and uploads once more',
    async (code) => {
      const { bench } = await reach.uploading()
      bench.heldBack = offerOf(1)
      last(bench.uploads).fail(new PanalError(code))
      await bench.settle()
      expect(bench.messages('join')).toHaveLength(2)
      expect(bench.uploads).toHaveLength(2)
      await bench.finishUpload()
      expect(bench.told('accepted')).toHaveLength(1)
      expect(bench.told('refused')).toEqual([])
    },
  )

  it('an upload that never gets through gives the assignment back', async () => {
    const { bench } = await reach.uploading()
    last(bench.uploads).fail(new PanalError('unreachable'))
    await bench.settle()
    expect(bench.told('failed')).toMatchObject([{ roundNumber: 1, code: 'unreachable' }])
    expect(bench.messages('decline')).toEqual([{ roundNumber: 1, reason: 'failed' }])
    expect(bench.state.state).toBe('waiting')
  })

  it('[P11] training that throws gives the assignment back, and is not tried again', async () => {
    const { bench } = await reach.training()
    last(bench.trainings).fail(new Error('out of memory'))
    await bench.settle()
    expect(bench.told('failed')).toEqual([{ type: 'failed', roundNumber: 1, detail: 'out of memory' }])
    expect(bench.messages('decline')).toEqual([{ roundNumber: 1, reason: 'failed' }])
    await bench.offer(offerOf(1))
    expect(bench.trainings).toHaveLength(1)
  })

  it('[P11] says again that it gave an assignment back, to a server that offers it again: the first was not heard', async () => {
    const { bench } = await reach.training()
    bench.end.drop()
    last(bench.trainings).fail(new Error('out of memory'))
    await bench.settle()
    expect(bench.messages('decline')).toEqual([])
    bench.answers.join = () => joinReply({ round: roundSummary(1), assignment: offerOf(1) })
    bench.end.restore()
    await bench.settle()
    expect(bench.messages('join')).toHaveLength(2)
    expect(bench.messages('decline')).toEqual([{ roundNumber: 1, reason: 'failed' }])
    expect(bench.trainings).toHaveLength(1)
    await bench.offer(offerOf(2))
    expect(bench.trainings).toHaveLength(2)
  })

  it('base weights of another length than the model are refused by the device', async () => {
    const { bench } = await reach.downloading()
    await bench.finishDownload(new Uint8Array(16))
    expect(bench.told('failed')).toMatchObject([{ code: 'wrong-length' }])
    expect(bench.trainings).toEqual([])
  })

  it('a trainer that cannot be made ends the session', async () => {
    const bench = new DeviceBench()
    bench.makeTrainer = () => Promise.reject(new Error('no backend'))
    const { session } = await joined(bench)
    expect(await session.ended).toEqual({ state: 'left', reason: 'failed', detail: 'no backend' })
    expect(bench.messages('leave')).toHaveLength(1)
  })
})

describe('eligibility', () => {
  const charging = () => {
    const bench = new DeviceBench()
    bench.answers.join = () => joinReply({ task: taskCard({ eligibility: { charging: true } }) })
    return bench
  }

  it('[P11] declines what it may not do now', async () => {
    const bench = charging()
    bench.conditions = { charging: false, unmetered: true, idle: true }
    await joined(bench)
    await bench.offer(offerOf(1))
    expect(bench.messages('decline')).toEqual([{ roundNumber: 1, reason: 'not-eligible' }])
    expect(bench.downloads).toEqual([])
    expect(bench.told('withdrawn')).toMatchObject([{ code: 'not-eligible' }])
    bench.conditions = { ...bench.conditions, charging: true }
    await bench.offer(offerOf(1))
    expect(bench.downloads).toHaveLength(1)
  })

  it('[P11] stops when the conditions are met no more', async () => {
    const bench = charging()
    await joined(bench)
    await bench.offer(offerOf(1))
    bench.conditions = { charging: false, unmetered: true, idle: true }
    await bench.clock.advance(5_000)
    expect(last(bench.downloads).signal.aborted).toBe(true)
    expect(bench.messages('decline')).toEqual([{ roundNumber: 1, reason: 'not-eligible' }])
    expect(last(bench.messages('heartbeat')).phase).toBe('waiting')
  })

  it('a dataset with fewer examples than the task wants is not eligible', async () => {
    const bench = new DeviceBench()
    bench.answers.join = () => joinReply({ task: taskCard({ eligibility: { minExamples: 3 } }) })
    await joined(bench)
    await bench.offer(offerOf(1))
    expect(bench.messages('decline')).toEqual([{ roundNumber: 1, reason: 'not-eligible' }])
  })
})

describe('base weights', () => {
  it('[P14] of a base that it has already, a device downloads nothing', async () => {
    const { bench } = await reach.uploading()
    await bench.finishUpload()
    await bench.offer(offerOf(2))
    expect(bench.downloads).toHaveLength(1)
    await bench.finishTraining()
    await bench.finishUpload()
    expect(last(bench.told('accepted'))).toMatchObject({ bytesDown: 0 })
  })

  it('[P14] damaged weights in the storage are downloaded again', async () => {
    const bench = new DeviceBench()
    await bench.storage.write(
      `blob/${baseDigest}`,
      baseBytes.map((byte) => byte ^ 1),
    )
    await joined(bench)
    await bench.offer(offerOf(1))
    await bench.finishDownload()
    expect(bench.storage.held.get(`blob/${baseDigest}`)).toEqual(baseBytes)
    expect([...last(bench.trainings).asked.base]).toEqual([1, 2, 3])
  })

  it('keeps the two that were used last', async () => {
    const { bench } = await joined()
    const blobs = [1, 2, 3].map((fill) => new Uint8Array(Float32Array.of(fill, fill, fill).buffer))
    const digests = await Promise.all(blobs.map((blob) => bench.runtime.sha256(blob)))
    // 1, 2, then 1 again: 2 is now the older of the two, and 3 pushes it out.
    for (const [round, which] of [0, 1, 0, 2].entries()) {
      await bench.offer(offerOf(round + 1, { weightsSha256: digests[which]! }))
      if (bench.trainings.length <= round) await bench.finishDownload(blobs[which])
      await bench.finishTraining()
      await bench.finishUpload()
    }
    expect(bench.downloads).toHaveLength(3)
    const kept = await bench.storage.keys('blob/')
    expect(kept.sort()).toEqual([`blob/${digests[0]}`, `blob/${digests[2]}`].sort())
  })

  it('a storage that cannot be written costs a download, not the round', async () => {
    const { bench } = await joined()
    bench.storage.write = () => Promise.reject(new Error('quota exceeded'))
    await bench.offer(offerOf(1))
    await bench.finishDownload()
    await bench.finishTraining()
    await bench.finishUpload()
    expect(bench.told('accepted')).toHaveLength(1)
  })
})

describe('an upload with an identity that is known no more', () => {
  it('[P5] enrols anew, and takes the verdict on the second try as it is', async () => {
    const { bench } = await reach.uploading()
    bench.answers.join = () =>
      bench.messages('join').length === 2 ? refuse('unauthorized') : joinReply({ assignment: null })
    last(bench.uploads).fail(new PanalError('unauthorized'))
    await bench.clock.advance(2_000)
    expect(bench.numEnrolled).toBe(2)
    expect(bench.uploads).toHaveLength(2)
    last(bench.uploads).fail(new PanalError('not-assigned'))
    await bench.settle()
    expect(bench.told('refused')).toMatchObject([{ code: 'not-assigned' }])
  })
})
