import { describe, expect, it } from '@jest/globals'
import {
  httpTransfer,
  makeRng,
  PanalError,
  readImageDataset,
  readSafetensors,
  readTable,
  writeImageDataset,
  type Clock,
  type FetchResponse,
  type ImageSchema,
  type TableSchema,
} from '@panal/client-core'
import fc from 'fast-check'
import { eventInbox } from '../../../client-core/src/transport/server-events.ts'
import { parseReply } from '../../../client-core/src/transport/server-replies.ts'
import { sha256 } from '../../fixtures/device-bench.ts'
import {
  damagedBytes,
  damagedText,
  fuzzSeed,
  hostileValue,
  nearly,
  nearlyJson,
  share,
  timeoutMs,
} from '../../fixtures/fuzz.ts'
import { benchServer } from '../../fixtures/server-keys.ts'
import { assignmentOf, joinReply, roundSummary, testDeviceId } from '../../fixtures/wire.ts'
import { testDevice } from '../../fixtures/test-device.ts'

const { keys } = await testDevice('fuzz')

const runs = (fraction: number) => ({ numRuns: share(fraction), seed: fuzzSeed })
const schema: ImageSchema = {
  kind: 'image',
  height: 2,
  width: 3,
  channels: 1,
  scale: 1 / 255,
  classes: ['a', 'b', 'c'],
}
const images = writeImageDataset(new Uint8Array(4 * 6).fill(9), [0, 1, 2, 1], schema)
const table: TableSchema = {
  kind: 'table',
  columns: [
    { name: 'age', kind: 'numeric', mean: 40, std: 10, missing: 'indicator' },
    { name: 'region', kind: 'categorical', values: ['north', 'south'], missing: 'zeros' },
  ],
  label: { column: 'paid' },
  classes: ['no', 'yes'],
}
const csv = 'age,region,paid\n31,north,yes\n52,south,no\n,"no, where",yes\n1e3,north,no\n'

/** The result, or undefined for a refusal as invalid; anything else thrown is a fault. */
const unlessInvalid = <T>(work: () => T): T | undefined => {
  try {
    return work()
  } catch (error) {
    if (error instanceof PanalError && error.code === 'invalid-dataset') return undefined
    throw error
  }
}

describe('files', () => {
  it('safetensors: damaged bytes are refused, or are tensors within the file', () => {
    const header = { x: { dtype: 'U8', shape: [2, 3], data_offsets: [0, 6] }, __metadata__: { a: 'b' } }
    const withHeader = nearlyJson(header).map((json) => {
      const text = new TextEncoder().encode(json)
      const bytes = new Uint8Array(8 + text.length + 6)
      new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true)
      bytes.set(text, 8)
      return bytes
    })
    const file = fc.oneof(damagedBytes(images), withHeader, fc.uint8Array({ maxLength: 64 }))
    fc.assert(
      fc.property(file, fc.nat(7), (bytes, offset) => {
        const memory = new Uint8Array(offset + bytes.length)
        memory.set(bytes, offset)
        const read = unlessInvalid(() => readSafetensors(memory.subarray(offset)))
        const held = Object.values(read?.tensors ?? {}).reduce((sum, { values }) => sum + values.byteLength, 0)
        expect(held).toBeLessThanOrEqual(bytes.length)
      }),
      runs(0.05),
    )
  })

  it('images: damaged bytes are refused, or are examples of the classes', () => {
    fc.assert(
      fc.property(damagedBytes(images), (bytes) => {
        const read = unlessInvalid(() => readImageDataset(bytes, schema))
        if (read === undefined) return
        expect(read.x).toHaveLength(read.numExamples * 6)
        expect(read.y.every((label) => label >= 0 && label < 3)).toBe(true)
      }),
      runs(0.04),
    )
  })

  it('tables: damaged text is refused, or is examples of finite numbers', () => {
    const text = fc.oneof(damagedText(csv), damagedText(csv).chain(damagedText), fc.string({ unit: 'binary' }))
    fc.assert(
      fc.property(text, (damaged) => {
        const read = unlessInvalid(() => readTable(damaged, table))
        if (read === undefined) return
        expect(read.x.every(Number.isFinite)).toBe(true)
        expect(read.y.every((label) => label === 0 || label === 1)).toBe(true)
      }),
      runs(0.05),
    )
  })
})

describe('a hostile server’s messages', () => {
  const events = {
    assignment: assignmentOf(3),
    round: roundSummary(3),
    withdrawn: { roundNumber: 1, code: 'round-closed', retryAfterMs: 5 },
    promoted: { taskId: 'digits', champion: 1, previous: null, reason: 'better' },
    closing: { code: 'draining', detail: 'x', retryAfterMs: 5 },
  }

  it.each(Object.entries(events))('%s: what does not match is dropped, what is delivered came so', (name, message) => {
    const inbox = eventInbox()
    const heard: unknown[] = []
    inbox.on(name as 'round', (event) => heard.push(event))
    expect(inbox.deliver(name, message)).toBe(true)
    fc.assert(
      fc.property(nearly(message), (payload) => {
        heard.length = 0
        const delivered = inbox.deliver(name, payload)
        expect(heard).toEqual(delivered ? [payload] : [])
        if (delivered) expect(Object.keys(payload as object)).not.toContain('more')
      }),
      runs(0.02),
    )
  })

  it('any event name is dropped without throwing', () => {
    const inbox = eventInbox()
    fc.assert(
      fc.property(
        fc.oneof(fc.constantFrom('__proto__', 'constructor', 'connect'), fc.string()),
        hostileValue,
        (name, payload) => {
          expect(inbox.deliver(name, payload)).toBe(false)
        },
      ),
      runs(0.02),
    )
  })

  it('an answer is one, or fails as internal', () => {
    const replies = fc.oneof(
      nearly(joinReply({ assignment: assignmentOf(1) })),
      nearly({ ok: false, code: 'busy', detail: '' }),
    )
    fc.assert(
      fc.property(fc.constantFrom('join' as const, 'heartbeat' as const, 'leave' as const), replies, (name, reply) => {
        try {
          expect(parseReply(name, reply)).toBe(reply)
        } catch (error) {
          expect(error).toMatchObject({ name: 'PanalError', code: 'internal' })
        }
      }),
      runs(0.04),
    )
  })
})

describe('a hostile server’s HTTP answers', () => {
  const deadlineMs = 600_000
  const over = new Error('the deadline')
  /** Pauses take no time but their own, and none ends after the deadline: whatever a server asks a device to wait for. */
  const deadlineClock = (deadline: AbortController): Clock & { readonly slept: number[] } => {
    const slept: number[] = []
    let now = 0
    return {
      slept,
      now: () => now,
      sleep: async (ms, signal) => {
        signal?.throwIfAborted()
        if (ms < stallMs) {
          slept.push(ms)
          now += ms
          if (now >= deadlineMs) deadline.abort(over)
          return signal?.throwIfAborted()
        }
        // The watch over a stalled request, which these answers never are.
        await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve(), { once: true }))
        signal?.throwIfAborted()
      },
    }
  }
  const stallMs = 1e15
  const blob = Uint8Array.from({ length: 40 }, (_, i) => i)

  const header = fc.oneof(
    fc.constantFrom(
      'bytes 0-39/40',
      'bytes 10-39/40',
      'bytes 39-39/40',
      'bytes 99999999999999999999-1/2',
      'bytes -1-5/3',
    ),
    fc.constantFrom(
      '5',
      '-1',
      '1e300',
      'NaN',
      '',
      'Wed, 21 Oct 2015 07:28:00 GMT',
      '0x10',
      '40',
      '41',
      '99999999999999999999',
    ),
    fc.string({ unit: 'binary', maxLength: 20 }),
  )
  const enrolment = { deviceId: testDeviceId, taskId: 'digits', serverKeys: benchServer.keySet }
  const receipt = {
    taskId: 'digits',
    roundNumber: 1,
    deviceId: testDeviceId,
    sha256: 'a'.repeat(64),
    weight: 1,
    norm: 1,
    receivedAt: 1,
  }
  const body = fc.oneof(
    nearlyJson({ code: 'busy', detail: 'x', retryAfterMs: 5, round: roundSummary(1) }),
    nearlyJson(enrolment),
    nearlyJson(receipt),
    damagedBytes(blob).map((bytes) => Buffer.from(bytes).toString('latin1')),
    fc.constant('<html>'),
  )
  const answer = fc.record({
    status: fc.oneof(
      fc.constantFrom(200, 201, 204, 206, 304, 400, 401, 404, 409, 410, 416, 422, 429, 500, 503, 507),
      fc.integer({ min: 100, max: 999 }),
    ),
    body,
    headers: fc.record(
      { 'content-range': header, 'retry-after': header, 'upload-offset': header },
      { requiredKeys: [] },
    ),
  })

  type Answer = typeof answer extends fc.Arbitrary<infer Value> ? Value : never
  const responseOf = ({ status, body: text, headers }: Answer): FetchResponse => {
    const bytes = new Uint8Array(Buffer.from(text, 'latin1'))
    const chunks = [bytes.subarray(0, 7), bytes.subarray(7)]
    return {
      status,
      headers: { get: (name) => (headers as Record<string, string | undefined>)[name.toLowerCase()] ?? null },
      body: { getReader: () => ({ read: async () => ({ done: chunks.length === 0, value: chunks.shift() }) }) },
      arrayBuffer: async () => bytes.buffer,
      text: async () => text,
    }
  }

  it.each(['enrol', 'download', 'upload'] as const)(
    '%s ends in a value or a refusal, at the deadline at the latest and after few tries',
    async (call) => {
      const digest = await sha256(blob)
      const property = fc.asyncProperty(fc.array(answer, { minLength: 1, maxLength: 4 }), async (answers) => {
        let asked = 0
        const deadline = new AbortController()
        const clock = deadlineClock(deadline)
        const transfer = httpTransfer({
          baseUrl: 'http://x',
          keys,
          sha256,
          clock,
          stallMs,
          rng: makeRng(asked),
          fetch: async () => responseOf(answers[asked++ % answers.length]!),
        })
        const { signal } = deadline
        const header = { codec: 'f32', baseVersion: 0, numExamples: 1, numSteps: 1 } as const
        const calls = {
          enrol: () => transfer.enrol({ taskId: 'digits' }, signal),
          download: () => transfer.download(digest, blob.length, signal),
          upload: () =>
            transfer.upload({ taskId: 'digits', roundNumber: 1, bytes: blob, sha256: digest, header }, signal),
        }
        const outcome = await calls[call]().then(
          (value) => ({ value }),
          (error: unknown) => ({ error }),
        )
        if ('error' in outcome && outcome.error !== over) expect(outcome.error).toBeInstanceOf(PanalError)
        else if ('error' in outcome) expect(clock.now()).toBeGreaterThanOrEqual(deadlineMs)
        else if (call === 'download') expect(outcome.value).toEqual(blob)
        else expect(outcome.value).toMatchObject({ deviceId: expect.stringMatching(/^d_/) })
        // At least 0.25, 0.5, 1, 2, 4, 8, then 15 s between two tries, anew after each further byte, twice for a download
        // that came out wrong; a try is four requests at most.
        expect(asked).toBeLessThanOrEqual(4 * (deadlineMs / 15_000 + 2 * 7 * (blob.length + 1)))
        expect(clock.slept.every((ms) => ms >= 0 && ms <= 1.2 * 86_400_000)).toBe(true)
      })
      await fc.assert(property, runs(0.03))
    },
    timeoutMs,
  )
})
