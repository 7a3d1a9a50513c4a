import { describe, expect, it } from '@jest/globals'
import {
  httpTransfer,
  makeRng,
  PanalError,
  refuse,
  startSession,
  type Fetch,
  type FetchInit,
  type FetchResponse,
  type UploadRequest,
} from '@panal/client-core'
import {
  baseBytes,
  baseDigest,
  benchDevice,
  DeviceBench,
  last,
  receiptFor,
  sha256,
} from '../../../fixtures/device-bench.ts'
import { benchServer } from '../../../fixtures/server-keys.ts'
import { assignmentOf, joinReply, manifestOf } from '../../../fixtures/wire.ts'

const minute = 60_000
/** The longest pause between two tries: 30 s and half as much again; and what one try takes. */
const longestPause = 45_000 + 1_000

type Answer = (url: string, init: FetchInit) => Promise<FetchResponse> | FetchResponse

const answerOf = (status: number, body: unknown, headers: Record<string, string> = {}): FetchResponse => {
  const bytes = body instanceof Uint8Array ? body : new TextEncoder().encode(JSON.stringify(body))
  return {
    status,
    headers: { get: (name) => headers[name.toLowerCase()] ?? null },
    arrayBuffer: () => Promise.resolve(Uint8Array.from(bytes).buffer),
    text: () => Promise.resolve(new TextDecoder().decode(bytes)),
  }
}

const receiptTo: Answer = async (url, { body, headers }) => {
  const { bytes: _, ...header } = JSON.parse(headers['panal-update']!) as UploadRequest['header'] & { bytes: number }
  const [, roundNumber, sha256] = /rounds\/(\d+)\/updates\/(\w+)$/.exec(url)!
  return answerOf(
    200,
    await receiptFor({ taskId: 'digits', roundNumber: Number(roundNumber), bytes: body!, sha256: sha256!, header }),
  )
}

/** A whole server's HTTP, as far as one device asks it. */
const healthy: Answer = (url, init) => {
  if (url.endsWith('/challenge')) return answerOf(200, { proofNonce: 'nonce', work: { challenge: 'c', bits: 1 } })
  if (url.endsWith('/devices'))
    return answerOf(201, { deviceId: benchDevice.deviceId, taskId: 'digits', serverKeys: benchServer.keySet })
  if (url.endsWith('/keys')) return answerOf(200, benchServer.keySet)
  if (url.includes('/blobs/')) return answerOf(200, baseBytes)
  return init.method === 'HEAD' ? answerOf(200, '', { 'upload-offset': '0' }) : receiptTo(url, init)
}

const away: Answer = () => Promise.reject(new TypeError('fetch failed'))

/** A real session over the real transfer; only the network beneath is scripted. */
class Device extends DeviceBench {
  answer: Answer = healthy
  /** When each request left, by the bench's clock. */
  readonly requests: number[] = []

  begin() {
    const fetch: Fetch = async (url, init) => {
      this.requests.push(this.clock.now())
      return this.answer(url, init)
    }
    const { clock, runtime } = this
    const transfer = httpTransfer({
      baseUrl: 'https://panal.example',
      fetch,
      keys: benchDevice.keys,
      sha256,
      clock,
      rng: makeRng('transfer'),
    })
    return startSession({
      runtime: { ...runtime, transfer },
      taskId: 'digits',
      data: this.dataset,
      makeTrainer: () => this.makeTrainer(),
      onEvent: (event) => this.events.push(event),
    })
  }

  goAway(): void {
    this.answer = away
    this.connectError = new PanalError('unreachable')
    this.ends.at(-1)?.drop()
  }

  comeBack(): void {
    this.answer = healthy
    this.connectError = undefined
    this.ends.at(-1)?.restore()
  }
}

const offer = (deadlineInMs: number, round = 1) =>
  assignmentOf(round, {
    manifest: manifestOf({ version: round - 1, weightsSha256: baseDigest }),
    deadlineInMs,
  })

async function joined(): Promise<Device> {
  const device = new Device()
  device.begin()
  await device.settle()
  expect(device.state.state).toBe('waiting')
  return device
}

/** Its training is over, and its update is the next thing that it sends. */
async function trained(deadlineInMs: number): Promise<Device> {
  const device = await joined()
  await device.offer(offer(deadlineInMs))
  device.heldBack = offer(deadlineInMs)
  return device
}

describe('[P20] a server that is away for ten minutes finds a device back by itself', () => {
  it('that had not enrolled yet', async () => {
    const device = new Device()
    device.goAway()
    device.begin()
    await device.clock.advance(10 * minute)
    expect(device.told('joined')).toEqual([])
    device.comeBack()
    await device.clock.advance(longestPause)
    expect(device.told('joined')).toHaveLength(1)
    expect(device.state.state).toBe('waiting')
  })

  it('that it knew no more, and that was enrolling anew', async () => {
    const device = await joined()
    device.end.drop()
    device.answers.join = () => refuse('unauthorized')
    device.answer = away
    device.end.restore()
    await device.clock.advance(10 * minute)
    expect(device.state.state).toBe('connecting')
    device.answers.join = () => joinReply()
    device.comeBack()
    await device.clock.advance(longestPause)
    expect(device.told('joined')).toHaveLength(2)
    expect(device.state.state).toBe('waiting')
  })

  it('that was waiting, and had been told to go', async () => {
    const device = await joined()
    device.end.emit('closing', { code: 'draining', detail: 'stopping', retryAfterMs: 5_000 })
    device.connectError = new PanalError('unreachable')
    await device.clock.advance(10 * minute)
    expect(device.ends).toHaveLength(1)
    device.comeBack()
    await device.clock.advance(longestPause)
    expect(device.told('joined')).toHaveLength(2)
  })

  it('that was fetching base weights: it trains, and its update counts', async () => {
    const device = await joined()
    device.answer = away
    await device.offer(offer(20 * minute))
    device.heldBack = offer(20 * minute)
    device.goAway()
    await device.clock.advance(10 * minute)
    expect(device.state).toMatchObject({ state: 'downloading', roundNumber: 1 })
    device.comeBack()
    await device.clock.advance(longestPause)
    await device.finishTraining()
    expect(device.told('accepted')).toHaveLength(1)
    expect(device.told('failed')).toEqual([])
  })

  it('that had trained: its update counts', async () => {
    const device = await trained(20 * minute)
    device.goAway()
    await device.finishTraining()
    await device.clock.advance(10 * minute)
    expect(device.state).toMatchObject({ state: 'uploading', roundNumber: 1 })
    device.comeBack()
    await device.clock.advance(longestPause)
    expect(device.told('accepted')).toHaveLength(1)
    expect([...device.told('failed'), ...device.told('refused'), ...device.told('withdrawn')]).toEqual([])
    // Half a second, one, two, four, eight, sixteen, then thirty seconds each, all ± 50 %: at most 6 + 600 / 15 tries.
    expect(device.requests.length).toBeLessThan(2 + 2 * 46)
  })

  it('that was paused by its owner meanwhile, and sends nothing more', async () => {
    const device = new Device()
    const session = device.begin()
    await device.settle()
    await device.offer(offer(20 * minute))
    device.goAway()
    await device.finishTraining()
    await device.clock.advance(minute)
    session.pause()
    const before = device.requests.length
    device.comeBack()
    await device.clock.advance(longestPause)
    expect(device.requests).toHaveLength(before)
    expect(device.state.state).toBe('paused')
  })
})

describe('[P8] a server that is set up anew again and again', () => {
  it.each(['not-joined', 'lease-lapsed'] as const)(
    'answers `%s` each time, and gets the update in the end',
    async (code) => {
      const device = await trained(20 * minute)
      let asked = 0
      device.answer = (url, init) => {
        if (init.method !== 'PUT' || ++asked > 3) return healthy(url, init)
        return answerOf(401, refuse(code))
      }
      await device.finishTraining()
      await device.clock.advance(minute)
      expect(device.messages('join')).toHaveLength(1 + 3)
      expect(device.told('accepted')).toHaveLength(1)
    },
  )
})

describe('[P10] [P20] the deadline ends what a server would have go on for ever', () => {
  const deadline = 10 * minute
  const stalling: Record<string, Answer> = {
    'is away': away,
    'asks for an endless wait': () => answerOf(503, '<html>', { 'retry-after': '1e300' }),
    'is always busy': () => answerOf(503, { code: 'busy', detail: 'full', retryAfterMs: 0 }),
    'sends half of the weights, from the start, each time': (url, init) =>
      url.includes('/blobs/') ? answerOf(200, baseBytes.subarray(0, 6)) : healthy(url, init),
  }

  it.each(Object.keys(stalling))('the download of base weights, where it %s', async (how) => {
    const device = await joined()
    device.answer = stalling[how]!
    await device.offer(offer(deadline))
    await device.clock.advance(deadline - 1)
    expect(device.state).toMatchObject({ state: 'downloading', roundNumber: 1 })
    await device.clock.advance(1)
    expect(device.told('withdrawn')).toMatchObject([{ roundNumber: 1, code: 'round-closed' }])
    await expectAtRest(device)
  })

  const refusing: Record<string, Answer> = {
    'is away': away,
    'asks for an endless wait': stalling['asks for an endless wait']!,
    'is always busy': stalling['is always busy']!,
    'says that the update goes on elsewhere, each time': () => answerOf(416, { code: 'bad-offset', detail: 'there' }),
    'never knows who joined a moment ago': () => answerOf(401, refuse('not-joined')),
  }

  it.each(Object.keys(refusing))('the upload, where it %s', async (how) => {
    const device = await trained(deadline)
    device.answer = refusing[how]!
    await device.finishTraining()
    await device.clock.advance(deadline - 1)
    expect(device.state).toMatchObject({ state: 'uploading', roundNumber: 1 })
    await device.clock.advance(1)
    expect(device.told('withdrawn')).toMatchObject([{ roundNumber: 1, code: 'round-closed' }])
    await expectAtRest(device)
  })

  /** It asks for nothing more, did not ask without pause before, and takes the next round. */
  async function expectAtRest(device: Device): Promise<void> {
    const { length } = device.requests
    // At most 6 + 600 / 15 tries, of two requests each.
    expect(length).toBeLessThan(3 + 2 * 46)
    device.answer = healthy
    device.heldBack = null
    await device.clock.advance(5 * minute)
    expect(device.requests).toHaveLength(length)
    await device.offer(offer(deadline, 2))
    await device.finishTraining()
    expect(last(device.told('accepted')).receipt.roundNumber).toBe(2)
  }
})
