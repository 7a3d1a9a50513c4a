import { describe, expect, it } from '@jest/globals'
import { useLiveServer } from '../../fixtures/live-server.ts'
import { upgradeStatus, verdictOf } from '../../fixtures/raw-http.ts'

const json = { 'content-type': 'application/json' }

describe('where a page comes from', () => {
  const live = useLiveServer({ allowedOrigins: ['https://app.example'] })

  it.each([
    ['https://evil.example', 'another site'],
    ['null', 'a page without an origin'],
    ['https://app.example.evil.example', 'a name that starts alike'],
    ['http://app.example', 'the allowed name without TLS'],
    ['https://app.example:8443', 'another port of the allowed name'],
    ['file://', 'a file'],
    ['', 'an empty origin'],
    ['not a url', 'no origin at all'],
  ])('[F37] a connection from %s, %s [403]', async (origin) => {
    expect(await upgradeStatus(live.url, { headers: { origin } })).toBe(403)
  })

  it('[F37] pages of this server, of an allowed origin, and what is no browser, may connect', async () => {
    for (const headers of [{}, { origin: live.url }, { origin: 'https://app.example' }])
      expect(await upgradeStatus(live.url, { headers })).toBe(101)
  })

  it('[F37] a page of another site may not sign in with a link it found [403]', async () => {
    const init = { method: 'POST', headers: { ...json, origin: 'https://evil.example' }, body: '{"link":"x"}' }
    expect(await verdictOf(live.fetch('/v1/session', init))).toEqual([403, 'forbidden'])
  })
})

const perMinute = 3
/** The status of one attempt more than a network has, each with these headers. */
const attempts = async (live: { fetch(path: string, init: RequestInit): Promise<Response> }, chains: string[]) => {
  const statuses: number[] = []
  for (const chain of chains)
    statuses.push(
      (
        await live.fetch('/v1/session', {
          method: 'POST',
          headers: { ...json, 'x-forwarded-for': chain, forwarded: `for=${chain}` },
          body: '{"link":"x"}',
        })
      ).status,
    )
  return statuses
}

describe('who a request is from', () => {
  const direct = useLiveServer({ signInsPerMinute: perMinute })
  const behind = useLiveServer({ signInsPerMinute: perMinute, trustProxy: ['127.0.0.0/8'] })

  it('[F38] without a trusted proxy, X-Forwarded-For means nothing [one bucket]', async () => {
    const chains = ['1.1.1.1', '2.2.2.2, 3.3.3.3', '::1', '4.4.4.4']
    expect(await attempts(direct, chains)).toEqual([401, 401, 401, 429])
  })

  it('[F38] behind a trusted proxy, the address it saw counts, and what the client wrote before it does not', async () => {
    const chains = ['9.9.9.9', '1.1.1.1, 9.9.9.9', '1.1.1.1, 2.2.2.2, 127.0.0.1, 9.9.9.7', 'nonsense, 9.9.9.8']
    expect(await attempts(behind, chains)).toEqual([401, 401, 401, 429])
    expect(await attempts(behind, ['9.9.9.9, 8.8.8.8'])).toEqual([401])
  })

  it('[F38] one IPv6 site is one bucket, whatever host it writes from', async () => {
    const hosts = ['2001:db8:1:2::1', '2001:db8:1:2:ffff::9', '2001:db8:1:ff::', '2001:db8:1:2::1']
    expect(await attempts(behind, hosts)).toEqual([401, 401, 401, 429])
    expect(await attempts(behind, ['2001:db8:1:100::1'])).toEqual([401])
  })

  it('[F38] a chain that is no address is one bucket too', async () => {
    const chains = ['nonsense-1', 'nonsense-2', 'x'.repeat(1000), '999.1.1.1']
    expect(await attempts(behind, chains)).toEqual([401, 401, 401, 429])
  })
})
