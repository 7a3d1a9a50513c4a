import { describe, expect, it } from '@jest/globals'
import { codecs, makeLayout, PanalError, refuse, type ErrorCode } from '@panal/client-core'
import { parseTaskDocument } from '@panal/server'
import fc from 'fast-check'
import { nesting } from '../../../server/src/http/bodies.ts'
import { networkOf } from '../../../server/src/http/network.ts'
import { originMayUse } from '../../../server/src/http/origin.ts'
import { parseContentRange, parseRange } from '../../../server/src/http/range.ts'
import { parseClientEvent } from '../../../server/src/socket/client-event.ts'
import { fuzzSeed, hostileValue, nearly, share } from '../../fixtures/fuzz.ts'
import { heartbeat } from '../../fixtures/raw-device.ts'
import { digitsLike } from '../../fixtures/task-document.ts'
import { useTempStore } from '../../fixtures/temp-store.ts'
import { Accounts } from '../../../server/src/auth/accounts.ts'
import { Links } from '../../../server/src/auth/links.ts'
import { Tokens } from '../../../server/src/auth/tokens.ts'

const runs = (fraction: number) => ({ numRuns: share(fraction), seed: fuzzSeed })
/** What the work throws is a refusal with one of these codes. */
const refusesAtMost = (codes: readonly ErrorCode[], work: () => void): void => {
  try {
    work()
  } catch (error) {
    if (!(error instanceof PanalError) || !codes.includes(error.code)) throw error
  }
}

describe('codecs', () => {
  const layout = makeLayout([{ name: 'w', shape: [5] }])
  it.each(Object.values(codecs))('$name: any bytes at any offset decode, or are refused', (codec) => {
    const lengths = fc.oneof(fc.nat({ max: 64 }), fc.constantFrom(codec.maxBytes(layout), codec.maxBytes(layout) - 1))
    const input = fc.tuple(fc.nat({ max: 7 }), lengths, fc.infiniteStream(fc.nat({ max: 255 })))
    fc.assert(
      fc.property(input, ([offset, length, stream]) => {
        const memory = Uint8Array.from([...stream.take(offset + length)])
        refusesAtMost(['wrong-length', 'undecodable'], () => {
          const bytes = memory.subarray(offset)
          const into = new Float32Array(layout.size)
          expect(codec.decode(bytes, layout, into)).toBe(into)
          expect(codec.decode(bytes, layout)).toEqual(into)
        })
      }),
      runs(0.02),
    )
  })
})

describe('client events', () => {
  const join = {
    protocolVersion: 1,
    taskId: 'digits',
    deviceId: `d_${'A'.repeat(22)}`,
    proof: 'e30.e30.c2ln',
    numExamples: 5,
    conditions: { charging: true, unmetered: true, idle: false },
  }
  const valid = {
    join,
    heartbeat,
    decline: { roundNumber: 1, reason: 'failed' },
    leave: {},
    watch: { taskId: 'digits' },
  }

  it.each(Object.entries(valid))(
    '%s: what is nearly one is one or is refused, and is never changed',
    (name, message) => {
      fc.assert(
        fc.property(nearly(message), (payload) => {
          const before = JSON.stringify(payload)
          const parsed = parseClientEvent(name, [payload, () => undefined])
          expect(JSON.stringify(payload)).toBe(before)
          if (parsed.ok) expect(parsed).toMatchObject({ name, message: payload })
          else expect(parsed.refusal.code).toBe('bad-request')
        }),
        runs(0.02),
      )
    },
  )

  it('any name and any arguments are judged without throwing', () => {
    const names = fc.oneof(fc.constantFrom<unknown>(...Object.keys(valid), '__proto__', 'constructor'), hostileValue)
    fc.assert(
      fc.property(names, fc.array(hostileValue, { maxLength: 4 }), (name, args) => {
        const parsed = parseClientEvent(name, args)
        expect(parsed.ok).toBe(false)
        if (!parsed.ok) parsed.answer(refuse('bad-request'))
      }),
      runs(0.05),
    )
  })
})

describe('headers', () => {
  const rangeLike = fc.oneof(
    fc
      .tuple(fc.bigInt({ min: 0n, max: 10n ** 17n }), fc.bigInt({ min: 0n, max: 10n ** 17n }))
      .map(([a, b]) => `bytes=${a}-${b}`),
    fc.tuple(fc.nat(200), fc.nat(200)).map(([a, b]) => `bytes=${a}-${b}`),
    fc.nat(200).map((n) => `bytes=-${n}`),
    fc.string({ unit: 'binary' }),
  )

  it('Range: a part of the blob, all of it, or none', () => {
    fc.assert(
      fc.property(rangeLike, fc.nat(100), (header, size) => {
        const range = parseRange(header, size)
        if (typeof range === 'string') return
        expect(range.start).toBeLessThanOrEqual(range.end)
        expect(range.end).toBeLessThan(size)
      }),
      runs(0.03),
    )
  })

  it('Content-Range: whole numbers in order, or nothing', () => {
    const like = fc.oneof(
      fc.tuple(fc.nat(99), fc.nat(99), fc.nat(99)).map(([a, b, c]) => `bytes ${a}-${b}/${c}`),
      fc.string({ unit: 'binary' }),
    )
    fc.assert(
      fc.property(like, (header) => {
        const range = parseContentRange(header)
        if (range === undefined) return
        expect(range.start).toBeLessThanOrEqual(range.end)
        expect(range.end).toBeLessThan(range.size)
      }),
      runs(0.03),
    )
  })

  it('addresses and origins: one network each, no page by accident', () => {
    const address = fc.oneof(fc.ipV4(), fc.ipV6(), fc.string({ unit: 'binary' }))
    fc.assert(
      fc.property(address, fc.string({ unit: 'binary' }), (from, origin) => {
        expect(networkOf(from)).toMatch(/^unknown$|\.0\/24$|::\/56$/)
        const sameHost = URL.canParse(origin) && new URL(origin).host === 'panal.example'
        expect(originMayUse({ origin, host: 'panal.example' }, new Set(), true)).toBe(sameHost)
      }),
      runs(0.03),
    )
  })
})

describe('documents', () => {
  it('a task document that is nearly one is one, or every error has a path', () => {
    fc.assert(
      fc.property(nearly(digitsLike()), (value) => {
        const parsed = parseTaskDocument(value)
        if (!parsed.ok) expect(parsed.errors.length).toBeGreaterThan(0)
      }),
      runs(0.04),
    )
  })

  it('nesting is counted as JSON.parse sees it', () => {
    const depthOf = (value: unknown): number =>
      typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0
    fc.assert(
      fc.property(fc.json({ stringUnit: 'binary' }), (text) => {
        expect(nesting(text)).toBe(depthOf(JSON.parse(text)))
      }),
      runs(0.02),
    )
  })
})

describe('secrets', () => {
  const store = useTempStore()
  it('a token or link that was not given out opens nothing', () => {
    const tokens = new Tokens(store)
    const links = new Links({ ...store, accounts: new Accounts(store) })
    const { secret } = tokens.replace({ name: 'program', role: 'operator' })
    const guess = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 100 }),
      fc
        .tuple(fc.nat(secret.length - 1), fc.string({ minLength: 1, maxLength: 1 }))
        .map(([at, char]) => secret.slice(0, at) + char + secret.slice(at + 1)),
    )
    fc.assert(
      fc.property(guess, (text) => {
        fc.pre(text !== secret)
        expect(tokens.identify(text)).toBeUndefined()
        expect(() => links.use(text)).toThrow(PanalError)
      }),
      runs(0.02),
    )
    expect(tokens.identify(secret)).toMatchObject({ role: 'operator' })
  })
})
