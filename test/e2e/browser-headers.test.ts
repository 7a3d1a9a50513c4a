import { readdirSync } from 'node:fs'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { addDataset, createTask, randomImages, useLiveServer } from '../fixtures/live-server.ts'
import { rawRequest } from '../fixtures/raw-http.ts'

const live = useLiveServer()
const https = useLiveServer({ publicUrl: 'https://panal.example' })
const dist = new URL('../../client-web/dist/', import.meta.url)
let blob: string
beforeAll(async () => {
  blob = await addDataset(live, randomImages(await createTask(live), 5, 99), 'sample')
}, 60_000)

const assets = () => readdirSync(new URL('assets', dist)).map((name) => `/assets/${name}`)
const post = (body: string) => ({ method: 'POST', headers: { 'content-type': 'application/json' }, body })
/** Every kind of answer there is: path and status. */
const answers: readonly [string, () => string, number, RequestInit?][] = [
  ['the page', () => '/', 200],
  ['an address inside the page', () => '/contribute/digits', 200],
  ['a script', () => assets().find((path) => path.endsWith('.js'))!, 200],
  ['a style sheet', () => assets().find((path) => path.endsWith('.css'))!, 200],
  ['the API', () => '/v1/tasks', 200],
  ['metrics', () => '/metrics', 200],
  ['the API’s documentation', () => '/docs/json', 200],
  ['a refused body', () => '/v1/session', 400, post('{')],
  ['a body too large', () => '/v1/session', 413, post(`"${'x'.repeat(70_000)}"`)],
  ['a request without a credential', () => '/v1/tokens', 401, post('{}')],
  ['an address of the API that is not there', () => '/v1/nope', 404],
  ['an asset that is not there', () => '/assets/nope.js', 404],
  ['a broken address', () => '/v1/tasks/%zz', 400],
]

describe('what every answer tells a browser', () => {
  it.each(answers)('%s', async (_, path, status, init) => {
    const { headers, ...response } = await live
      .fetch(path(), init)
      .then((each) => ({ status: each.status, headers: each.headers }))
    expect(response.status).toBe(status)
    const policy = headers.get('content-security-policy')!
    const directives = new Map(policy.split(';').map((each) => [each.trim().split(' ')[0], each.trim()]))
    expect(directives.get('default-src')).toBe("default-src 'self'")
    expect(directives.get('script-src')).toBe("script-src 'self' 'wasm-unsafe-eval'")
    expect(directives.get('connect-src')).toBe(
      `connect-src 'self' ws://${new URL(live.url).host} wss://${new URL(live.url).host}`,
    )
    expect(directives.get('object-src')).toBe("object-src 'none'")
    expect(directives.get('base-uri')).toBe("base-uri 'none'")
    expect(directives.get('frame-ancestors')).toBe("frame-ancestors 'none'")
    expect(policy).not.toMatch(/'unsafe-eval'|script-src[^;]*'unsafe-inline'|\*/)
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin')
    expect(headers.get('cross-origin-embedder-policy')).toBe('require-corp')
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    expect(headers.get('strict-transport-security')).toBeNull()
    const permissions = headers.get('permissions-policy')!.split(', ')
    expect(permissions).toEqual(expect.arrayContaining(['camera=()', 'geolocation=()', 'microphone=()', 'usb=()']))
    expect(permissions.filter((each) => !each.endsWith('=()'))).toEqual([])
  })

  it('a public blob, and a model, may be loaded by any site; the rest is as everywhere', async () => {
    for (const path of [`/v1/blobs/${blob}`, '/v1/tasks/digits/models/0']) {
      const { headers } = await live.fetch(path)
      expect(headers.get('cross-origin-resource-policy')).toBe('cross-origin')
      expect(headers.get('access-control-allow-origin')).toBe('*')
      expect(headers.get('access-control-allow-credentials')).toBeNull()
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('content-security-policy')).toContain("default-src 'self'")
    }
  })

  it('under https, that it stays so', async () => {
    // The server listens without TLS, as it does behind a proxy that has it.
    const { address, port } = https.app.server.address() as { address: string; port: number }
    const { headers } = await fetch(`http://${address}:${port}/`)
    expect(headers.get('strict-transport-security')).toMatch(/^max-age=\d{8,}; includeSubDomains$/)
  })

  it('what is no HTTP is answered with nothing that a browser could take for a page', async () => {
    const text = await rawRequest(live.url, 'GARBAGE\r\n\r\n')
    expect(text).toMatch(/^HTTP\/1\.1 400 /)
    expect(text).toContain("Content-Security-Policy: default-src 'none'")
    expect(text).toContain('X-Content-Type-Options: nosniff')
  })

  it('a Host header cannot add to the policy', async () => {
    const text = await rawRequest(
      live.url,
      'GET /healthz HTTP/1.1\r\nhost: x; script-src *\r\nconnection: close\r\n\r\n',
    )
    expect(text).toContain("connect-src 'self' 'self';")
  })
})
