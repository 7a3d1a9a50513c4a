import { describe, expect, it } from '@jest/globals'
import { forgetPersonalModel, forgetServer, hasPersonalModel, readPersonalModel, type Plan } from '@panal/client-core'
import { baseDigest, DeviceBench, last, receiptFor, trained } from '../../../fixtures/device-bench.ts'
import { testDevice } from '../../../fixtures/test-device.ts'
import { assignmentOf, digest, joinReply, manifestOf } from '../../../fixtures/wire.ts'

const plan: Plan = {
  epochs: 1,
  batchSize: 8,
  learningRate: 0.1,
  optimizer: { name: 'sgd' },
  codec: 'f32',
  personalisation: { name: 'ditto', lambda: 0.5, holdout: 0 },
}
const offerOf = (round: number, changes: Parameters<typeof manifestOf>[0] = {}) =>
  assignmentOf(round, { manifest: manifestOf({ version: round - 1, weightsSha256: baseDigest, plan, ...changes }) })

/** A device whose update of round 1 was accepted, and that trains its own model now. */
async function personalising(bench = new DeviceBench()) {
  const session = bench.start()
  await bench.settle()
  await bench.offer(offerOf(1))
  await bench.finishDownload()
  await bench.finishTraining()
  await bench.finishUpload()
  return { bench, session }
}

/** Goes through another round, up to the training of its own model. */
async function again(bench: DeviceBench, round: number, changes: Parameters<typeof manifestOf>[0] = {}) {
  await bench.offer(offerOf(round, changes))
  await bench.finishTraining()
  await bench.finishUpload()
}

/** The owner of the task has changed its plan, and the device joins it anew. */
async function underAnotherPlan(bench: DeviceBench, session: ReturnType<DeviceBench['start']>) {
  await session.leave()
  const planHash = digest('e')
  const { task } = joinReply()
  bench.answers.join = () => joinReply({ task: { ...task, planHash } })
  bench.start()
  await bench.settle()
  return { planHash }
}

const keptBy = (bench: DeviceBench) => readPersonalModel(bench.storage, 'digits', bench.trainer.layout)
const own = trained({ delta: Float32Array.of(1, 1, 1) })
const stopped = (roundNumber: number) => ({ type: 'personalised', roundNumber, outcome: 'stopped', metrics: null })

describe('a device with a model of its own', () => {
  it('trains it once its update has its verdict, keeps it, and says so to nobody but its owner', async () => {
    const { bench } = await personalising()
    expect(bench.told('accepted')).toHaveLength(1)
    expect(bench.state).toEqual({ state: 'personalising', roundNumber: 1, fraction: 0 })
    expect(last(bench.messages('heartbeat')).phase).toBe('waiting') // it may be asked
    expect([...last(bench.trainings).asked.base]).toEqual([1, 2, 3])
    last(bench.trainings).asked.onProgress?.(0.5, 1)
    expect(bench.state).toEqual({ state: 'personalising', roundNumber: 1, fraction: 0.5 })
    const numUploads = bench.uploads.length
    await bench.finishTraining(own)
    expect(bench.told('personalised')).toEqual([
      { type: 'personalised', roundNumber: 1, outcome: 'kept', metrics: null },
    ])
    expect(bench.state.state).toBe('waiting')
    expect(await keptBy(bench)).toMatchObject({ roundNumber: 1, version: 0, params: Float32Array.of(2, 3, 4) })
    expect(bench.uploads).toHaveLength(numUploads)
  })

  it('goes on from it in the next round, in another session as well', async () => {
    const { bench, session } = await personalising()
    await bench.finishTraining(own)
    await session.leave()
    bench.start()
    await bench.settle()
    await again(bench, 2)
    expect([...last(bench.trainings).asked.base]).toEqual([2, 3, 4])
    await bench.finishTraining(own)
    expect((await keptBy(bench))!.params).toEqual(Float32Array.of(3, 4, 5))
    expect([...bench.storage.held.keys()].filter((key) => key.startsWith('personal/'))).toHaveLength(1)
  })

  it('begins anew under another plan, which may hold out what the old one trained on', async () => {
    const { bench, session } = await personalising()
    await bench.finishTraining(own)
    await again(bench, 2, await underAnotherPlan(bench, session))
    expect(bench.trainings).toHaveLength(4)
    expect([...last(bench.trainings).asked.base]).toEqual([1, 2, 3])
  })

  it('begins anew with a key of its own that is new: by its new id it holds out what the old model was trained on', async () => {
    const { bench, session } = await personalising()
    await bench.finishTraining(own)
    await session.leave()
    const { deviceId, keys } = await testDevice('another')
    Object.assign(bench.runtime, { keys })
    bench.start()
    await bench.settle()
    await bench.offer(offerOf(2))
    await bench.finishTraining()
    await bench.finishUpload({ deviceId })
    expect(bench.trainings).toHaveLength(4)
    expect([...last(bench.trainings).asked.base]).toEqual([1, 2, 3])
    await bench.finishTraining(own)
    expect([...bench.storage.held.keys()].filter((key) => key.startsWith('personal/'))).toHaveLength(1)
  })

  it.each([
    ['half written', (bytes: Uint8Array) => bytes.slice(0, -2)],
    ['of other numbers', (bytes: Uint8Array) => new Uint8Array([...bytes.slice(0, -4), 0, 0, 0xc0, 0x7f])], // NaN
    ['no text', () => Uint8Array.of(0xff, 0xfe, 10)],
    ['of another program', () => new TextEncoder().encode('{"version":"new"}\n')],
  ])('begins anew where what it kept is %s', async (_, damaged) => {
    const { bench } = await personalising()
    await bench.finishTraining(own)
    for (const [key, bytes] of bench.storage.held)
      if (key.startsWith('personal/')) bench.storage.held.set(key, damaged(bytes))
    expect(await keptBy(bench)).toBeUndefined()
    await again(bench, 2)
    expect([...last(bench.trainings).asked.base]).toEqual([1, 2, 3])
  })

  it('a storage that is full costs the model of this round alone', async () => {
    const { bench } = await personalising()
    await bench.finishTraining(own)
    const { write } = bench.storage
    bench.storage.write = async (key, value) => {
      if (key.startsWith('personal/')) throw new DOMException('full', 'QuotaExceededError')
      return write(key, value)
    }
    await again(bench, 2)
    await bench.finishTraining(own)
    expect(last(bench.told('personalised'))).toMatchObject({ roundNumber: 2, outcome: 'storage-refused' })
    expect(await keptBy(bench)).toMatchObject({ roundNumber: 1 })
    expect(bench.told('accepted')).toHaveLength(2)
  })

  it('a storage that cannot tidy up has kept the model all the same, and tidies with the next one', async () => {
    const { bench, session } = await personalising()
    await bench.finishTraining(own)
    const changed = await underAnotherPlan(bench, session)
    const { remove } = bench.storage
    bench.storage.remove = async (key) => {
      if (key.startsWith('personal/')) throw new DOMException('not now', 'UnknownError')
      return remove(key)
    }
    await again(bench, 2, changed)
    await bench.finishTraining(own)
    expect(last(bench.told('personalised'))).toMatchObject({ roundNumber: 2, outcome: 'kept' })
    bench.storage.remove = remove
    await again(bench, 3, changed)
    await bench.finishTraining(own)
    expect([...bench.storage.held.keys()].filter((key) => key.startsWith('personal/'))).toHaveLength(1)
  })

  it('what diverges or fails leaves the model as it was', async () => {
    const { bench } = await personalising()
    await bench.finishTraining(own)
    await again(bench, 2)
    await bench.finishTraining(trained({ delta: Float32Array.of(NaN, 0, 0) }))
    expect(last(bench.told('personalised'))).toMatchObject({ outcome: 'diverged' })
    await again(bench, 3)
    last(bench.trainings).fail(new Error('the GPU is gone'))
    await bench.settle()
    expect(last(bench.told('personalised'))).toMatchObject({ outcome: 'failed', detail: 'the GPU is gone' })
    expect(await keptBy(bench)).toMatchObject({ roundNumber: 1 })
    expect(bench.told('failed')).toEqual([])
    expect(bench.state.state).toBe('waiting')
  })

  it('an assignment that comes meanwhile stops it, and is worked on at once; the model stays as it was', async () => {
    const { bench } = await personalising()
    await bench.finishTraining(own)
    await again(bench, 2)
    const turn = last(bench.trainings)
    await bench.offer(offerOf(3))
    expect(turn.signal.aborted).toBe(true)
    expect(last(bench.told('personalised'))).toEqual(stopped(2))
    expect(bench.trainings).toHaveLength(5)
    expect(bench.state).toMatchObject({ state: 'training', roundNumber: 3 })
    expect(await keptBy(bench)).toMatchObject({ roundNumber: 1 })
  })

  it.each([
    ['while the newest one has its turn', false],
    ['after that', true],
  ])('a verdict that a newer round overtook begins no turn, %s', async (_, isAfter) => {
    const { bench } = await personalising()
    await bench.finishTraining(own)
    await bench.offer(offerOf(2))
    await bench.finishTraining()
    const overtaken = last(bench.uploads)
    await again(bench, 3)
    const numTrainings = bench.trainings.length
    if (isAfter) await bench.finishTraining(own)
    overtaken.finish(await receiptFor(overtaken.asked, bench.clock.now()))
    await bench.settle()
    expect(bench.told('accepted')).toHaveLength(3)
    expect(bench.trainings).toHaveLength(numTrainings)
    if (!isAfter) await bench.finishTraining(own)
    expect(bench.told('personalised').map(({ roundNumber }) => roundNumber)).toEqual([1, 3])
    expect(await keptBy(bench)).toMatchObject({ roundNumber: 3 })
  })

  it.each([
    ['a pause', (_: DeviceBench, session: ReturnType<DeviceBench['start']>) => session.pause(), 'paused', [stopped(1)]],
    ['leaving', (_: DeviceBench, session: ReturnType<DeviceBench['start']>) => void session.leave(), 'left', []],
  ])('%s ends it, and the model stays as it was', async (_, end, state, told) => {
    const { bench, session } = await personalising()
    end(bench, session)
    await bench.settle()
    expect(last(bench.trainings).signal.aborted).toBe(true)
    expect(bench.told('personalised')).toEqual(told)
    expect(bench.state.state).toBe(state)
    expect(await keptBy(bench)).toBeUndefined()
  })

  it('a battery that must not be drained ends it as well', async () => {
    const bench = new DeviceBench()
    const { join } = bench.answers
    bench.answers.join = (message) => {
      const reply = join(message)
      return reply?.ok === true ? { ...reply, task: { ...reply.task, eligibility: { charging: true } } } : reply
    }
    await personalising(bench)
    bench.conditions = { charging: false, unmetered: true, idle: true }
    await bench.clock.advance(5_000) // a heartbeat
    expect(last(bench.trainings).signal.aborted).toBe(true)
    expect(bench.messages('decline')).toEqual([])
  })

  it('is forgotten when its owner asks, of this task alone; the next round begins anew', async () => {
    const { bench } = await personalising()
    await bench.finishTraining(own)
    await bench.storage.write('personal/digits-2/another', Uint8Array.of(1))
    expect(await hasPersonalModel(bench.storage, 'digits')).toBe(true)
    await forgetPersonalModel(bench.runtime, 'digits')
    expect(await keptBy(bench)).toBeUndefined()
    expect(await hasPersonalModel(bench.storage, 'digits')).toBe(false)
    expect(await hasPersonalModel(bench.storage, 'digits-2')).toBe(true)
    await again(bench, 2)
    expect([...last(bench.trainings).asked.base]).toEqual([1, 2, 3])
    await bench.finishTraining(own)
    expect(last(bench.told('personalised'))).toMatchObject({ outcome: 'kept' })
    expect((await keptBy(bench))!.params).toEqual(Float32Array.of(2, 3, 4))
  })

  it('what is being trained when it is forgotten is not kept', async () => {
    const { bench } = await personalising()
    await bench.finishTraining(own)
    await again(bench, 2)
    await forgetPersonalModel(bench.runtime, 'digits')
    await bench.finishTraining(own)
    expect(last(bench.told('personalised'))).toMatchObject({ roundNumber: 2, outcome: 'forgotten', metrics: null })
    expect(await hasPersonalModel(bench.storage, 'digits')).toBe(false)
    await again(bench, 3)
    expect([...last(bench.trainings).asked.base]).toEqual([1, 2, 3])
  })

  it('what is being written when it is forgotten does not stay, on whichever side of it the write falls', async () => {
    const { bench } = await personalising()
    const { write } = bench.storage
    bench.storage.write = async (key, value) => {
      if (!key.startsWith('personal/')) return write(key, value)
      bench.storage.write = write
      await forgetPersonalModel(bench.runtime, 'digits')
      await write(key, value)
    }
    await bench.finishTraining(own)
    expect(last(bench.told('personalised'))).toMatchObject({ outcome: 'forgotten' })
    expect(await hasPersonalModel(bench.storage, 'digits')).toBe(false)
  })

  it('what begins between the mark and the removal, and has seen the old model, is not kept', async () => {
    const { bench } = await personalising()
    await bench.finishTraining(own)
    const { remove } = bench.storage
    bench.storage.remove = async (key) => {
      if (key.startsWith('personal/')) {
        bench.storage.remove = remove
        await again(bench, 2)
      }
      await remove(key)
    }
    await forgetPersonalModel(bench.runtime, 'digits')
    expect([...last(bench.trainings).asked.base]).toEqual([2, 3, 4]) // it goes on from the old one
    await bench.finishTraining(own)
    expect(last(bench.told('personalised'))).toMatchObject({ roundNumber: 2, outcome: 'forgotten' })
    expect(await hasPersonalModel(bench.storage, 'digits')).toBe(false)
  })

  it('what begins there and is over before the removal does not stay either', async () => {
    const { bench } = await personalising()
    await bench.finishTraining(own)
    const { remove } = bench.storage
    bench.storage.remove = async (key) => {
      if (!key.startsWith('personal/')) return remove(key)
      bench.storage.remove = remove
      await again(bench, 2)
      await remove(key)
      await bench.finishTraining(own) // is kept, for only now comes the second mark
      expect(last(bench.told('personalised'))).toMatchObject({ roundNumber: 2, outcome: 'kept' })
    }
    await forgetPersonalModel(bench.runtime, 'digits')
    expect(await hasPersonalModel(bench.storage, 'digits')).toBe(false)
  })

  it('what begins between the marks of two windows, the second of which was chosen first, is not kept', async () => {
    const { bench } = await personalising()
    await bench.finishTraining(own)
    const { write } = bench.storage
    let goOn = (): void => undefined
    const held = new Promise<void>((resolve) => (goOn = resolve))
    bench.storage.write = async (key, value) => {
      bench.storage.write = write
      await held
      await write(key, value)
    }
    const slow = forgetPersonalModel(bench.runtime, 'digits')
    await bench.settle()
    await forgetPersonalModel(bench.runtime, 'digits')
    await again(bench, 2)
    goOn()
    await slow
    await bench.finishTraining(own)
    expect(last(bench.told('personalised'))).toMatchObject({ roundNumber: 2, outcome: 'forgotten' })
    expect(await hasPersonalModel(bench.storage, 'digits')).toBe(false)
  })

  it('is forgotten with the server', async () => {
    const { bench } = await personalising()
    await bench.finishTraining(own)
    await forgetServer(bench.runtime)
    expect(await keptBy(bench)).toBeUndefined()
  })

  it.each([
    ['the first one', 1],
    ['one that goes on from another', 2],
  ])('%s that is being trained when the server is forgotten is not kept', async (_, round) => {
    const { bench } = await personalising()
    if (round === 2) {
      await bench.finishTraining(own)
      await again(bench, 2)
    }
    await forgetServer(bench.runtime)
    await bench.finishTraining(own)
    expect(last(bench.told('personalised'))).toMatchObject({ roundNumber: round, outcome: 'forgotten' })
    expect(await hasPersonalModel(bench.storage, 'digits')).toBe(false)
  })
})
