import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { startServer, type Config } from '@panal/server'
import { liveConfig, type LiveServer } from '../fixtures/live-server.ts'
import {
  oidcClientId,
  oidcClientSecret,
  signInAtProvider,
  startProvider,
  type TestProvider,
} from '../fixtures/oidc-provider.ts'
import { asLocalOwner, CookieJar } from '../fixtures/people.ts'

let provider: TestProvider
let folder: string
let live: LiveServer
const ada = { email: 'Ada@Example.org', email_verified: true }

async function start(changes: Partial<Config>): Promise<LiveServer> {
  const data = join(folder, 'data')
  const oidcClientSecretFile = join(folder, 'secret')
  await writeFile(oidcClientSecretFile, `${oidcClientSecret}\n`)
  const common = { oidcIssuer: provider.issuer, oidcClientId, oidcClientSecretFile, signInsPerMinute: 10_000 }
  const server = await startServer(liveConfig({ data, ...common, ...changes }))
  provider.redirectTo(`${server.url}/v1/oidc/callback`)
  return {
    ...server,
    folder,
    fetch: (path: string, init?: RequestInit) => fetch(server.url + path, init),
  } as LiveServer
}

beforeAll(async () => {
  provider = await startProvider()
  folder = await mkdtemp(join(tmpdir(), 'panal-oidc-'))
  live = await start({ oidcEmailDomains: ['example.org'], oidcRoles: ['ml team=operator', 'admins=owner'] })
}, 60_000)
afterAll(async () => {
  await live.close()
  await provider.close()
  await rm(folder, { recursive: true })
}, 30_000)
beforeEach(() => {
  provider.tamper = undefined
})

/** From our button to the provider and to the address that it sends the browser back to. */
async function atProvider(jar: CookieJar, subject: string): Promise<URL> {
  const started = await jar.send('GET', '/v1/oidc/start')
  expect(started.status).toBe(303)
  return signInAtProvider(started.headers.get('location')!, subject)
}
/** Where the browser ends up, once it is back with us. */
const back = async (jar: CookieJar, { pathname, search }: URL) =>
  (await jar.send('GET', pathname + search)).headers.get('location')
async function signIn(subject: string, jar = new CookieJar(live)) {
  const to = await back(jar, await atProvider(jar, subject))
  return { jar, to, who: (await (await jar.send('GET', '/v1/session')).json()) as object }
}

describe('signing in through an identity provider', () => {
  it('makes an account at the first time, and finds it again by issuer and subject', async () => {
    provider.people.set('ada', ada)
    const first = await signIn('ada')
    expect(first.to).toBe('/admin')
    expect(first.who).toEqual({ signedIn: true, name: 'ada@example.org', role: 'viewer' })
    provider.people.set('ada', { ...ada, email: 'countess@example.org' })
    expect((await signIn('ada')).who).toMatchObject({ name: 'ada@example.org' })
    expect(await (await first.jar.send('GET', '/v1/account')).json()).toMatchObject({
      issuer: provider.issuer,
      hasPassword: false,
    })
  })

  it('gives the strongest role that a claim names, anew at each sign-in', async () => {
    provider.people.set('bob', { email: 'bob@elsewhere.example', email_verified: true, groups: ['ml team', 'admins'] })
    const { jar, who } = await signIn('bob')
    expect(who).toMatchObject({ role: 'owner' })
    provider.people.set('bob', { groups: ['ml team'] })
    await signIn('bob')
    // The session of before has the role of now.
    expect(await (await jar.send('GET', '/v1/session')).json()).toMatchObject({ role: 'operator' })
  })

  it.each([
    ['of another domain', { email: 'eve@evil.example', email_verified: true }],
    ['of a domain that only looks alike', { email: 'eve@not-example.org', email_verified: true }],
    ['of a domain below ours', { email: 'eve@evil.example.org.evil.example', email_verified: true }],
    ['whose address is not verified', { email: 'eve@example.org', email_verified: false }],
    ['whose address is verified by a word', { email: 'eve@example.org', email_verified: 'true' }],
    ['without an address or a group', {}],
    ['of a group that means nothing here', { groups: ['everybody'] }],
  ])('refuses somebody %s', async (_whom, claims) => {
    provider.people.set('eve', claims)
    const { to, who } = await signIn('eve')
    expect([to, who]).toEqual(['/admin#refused=oidc-refused', { signedIn: false }])
  })

  it('does not open a local account that has the same address for a name', async () => {
    await asLocalOwner(live, 'POST', '/v1/people', { name: 'grace@example.org', role: 'owner' })
    provider.people.set('grace', { email: 'GRACE@example.org', email_verified: true })
    const { to, who } = await signIn('grace')
    expect([to, who]).toEqual(['/admin#refused=account-exists', { signedIn: false }])
  })

  it('does not open another subject’s account that had this address before', async () => {
    provider.people.set('first', { email: 'shared@example.org', email_verified: true })
    expect((await signIn('first')).to).toBe('/admin')
    provider.people.set('second', { email: 'shared@example.org', email_verified: true })
    expect((await signIn('second')).to).toBe('/admin#refused=account-exists')
  })

  it('does not let in who was disabled here', async () => {
    provider.people.set('dora', { email: 'dora@example.org', email_verified: true })
    const { jar } = await signIn('dora')
    await asLocalOwner(live, 'POST', '/v1/people/dora%40example.org/disable')
    expect(await (await jar.send('GET', '/v1/session')).json()).toEqual({ signedIn: false })
    expect((await signIn('dora')).to).toBe('/admin#refused=oidc-refused')
  })

  it('sets no password here', async () => {
    const { jar } = await signIn('ada')
    const answer = await jar.send('PUT', '/v1/account/password', { password: 'four words of mine' })
    expect(answer.status).toBe(403)
  })
})

describe('attacks on the way', () => {
  const failed = '/admin#refused=oidc-failed'

  it('a state that is not ours', async () => {
    const jar = new CookieJar(live)
    const url = await atProvider(jar, 'ada')
    url.searchParams.set('state', 'x'.repeat(43))
    expect(await back(jar, url)).toBe(failed)
    expect(jar.session).toBeUndefined()
  })

  it('another browser’s sign-in, brought to its victim', async () => {
    const url = await atProvider(new CookieJar(live), 'ada')
    expect(await back(new CookieJar(live), url)).toBe(failed)
    // Nor in a browser that has one of its own under way.
    const victim = new CookieJar(live)
    await victim.send('GET', '/v1/oidc/start')
    expect(await back(victim, url)).toBe(failed)
    expect(victim.session).toBeUndefined()
  })

  it('the same answer twice', async () => {
    const jar = new CookieJar(live)
    const url = await atProvider(jar, 'ada')
    const cookies = new Map(jar.cookies)
    expect(await back(jar, url)).toBe('/admin')
    const thief = new CookieJar(live)
    cookies.forEach((value, name) => thief.cookies.set(name, value))
    expect(await back(thief, url)).toBe(failed)
  })

  it('a code of one sign-in in another: PKCE does not fit', async () => {
    const [own, stolen] = [new CookieJar(live), await atProvider(new CookieJar(live), 'ada')]
    const url = await atProvider(own, 'bob')
    url.searchParams.set('code', stolen.searchParams.get('code')!)
    expect(await back(own, url)).toBe(failed)
  })

  it('an answer that names another issuer', async () => {
    const jar = new CookieJar(live)
    const url = await atProvider(jar, 'ada')
    url.searchParams.set('iss', 'https://evil.example')
    expect(await back(jar, url)).toBe(failed)
  })

  it('an ID token of an earlier sign-in: its nonce is not this one’s', async () => {
    let earlier: unknown
    provider.tamper = (tokens) => ((earlier = tokens['id_token']), tokens)
    expect((await signIn('ada')).to).toBe('/admin')
    provider.tamper = (tokens) => ({ ...tokens, id_token: earlier })
    const { to, who } = await signIn('ada')
    expect([to, who]).toEqual([failed, { signedIn: false }])
  })

  const claimsOf = (tokens: Record<string, unknown>): Record<string, unknown> => {
    const body = String(tokens['id_token']).split('.')[1] ?? ''
    return JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>
  }

  it.each([
    ['of another issuer', { iss: 'https://evil.example' }],
    ['for another audience', { aud: 'another-client' }],
    ['for us and others, by nobody’s order', { aud: [oidcClientId, 'another-client'] }],
    ['that has expired', { exp: 1 }],
    ['of another nonce', { nonce: 'x'.repeat(43) }],
    ['without a nonce', { nonce: undefined }],
  ])('an ID token %s, rightly signed', async (_what, change) => {
    const signed = (changes: object) => (tokens: Record<string, unknown>) =>
      provider.sign({ ...claimsOf(tokens), ...changes }).then((token) => ({ ...tokens, id_token: token }))
    provider.tamper = signed({})
    expect((await signIn('ada')).to).toBe('/admin')
    provider.tamper = signed(change)
    const { to, who } = await signIn('ada')
    expect([to, who]).toEqual([failed, { signedIn: false }])
  })

  it('an ID token about somebody else, whose signature no longer holds', async () => {
    provider.tamper = (tokens) => {
      const [head = '', , signature = ''] = String(tokens['id_token']).split('.')
      const changed = Buffer.from(JSON.stringify({ ...claimsOf(tokens), sub: 'bob' })).toString('base64url')
      return { ...tokens, id_token: `${head}.${changed}.${signature}` }
    }
    expect((await signIn('ada')).to).toBe(failed)
  })

  it('an ID token signed by nobody', async () => {
    provider.tamper = (tokens) => {
      const body = String(tokens['id_token']).split('.')[1] ?? ''
      const head = Buffer.from('{"alg":"none"}').toString('base64url')
      return { ...tokens, id_token: `${head}.${body}.` }
    }
    expect((await signIn('ada')).to).toBe(failed)
  })

  it('a redirect address of somebody else: none is taken from the request, and the provider knows ours only', async () => {
    const response = await fetch(`${live.url}/v1/oidc/start?redirect_uri=https://evil.example`, {
      redirect: 'manual',
      headers: { 'x-forwarded-host': 'evil.example', forwarded: 'host=evil.example' },
    })
    const url = new URL(response.headers.get('location')!)
    expect(url.searchParams.get('redirect_uri')).toBe(`${live.url}/v1/oidc/callback`)
    expect(Object.fromEntries(url.searchParams)).toMatchObject({ code_challenge_method: 'S256', response_type: 'code' })
    url.searchParams.set('redirect_uri', 'https://evil.example/v1/oidc/callback')
    expect((await fetch(url, { redirect: 'manual' })).status).toBe(400)
  })

  it('a refusal of the provider, and garbage, are no sign-in', async () => {
    for (const search of ['?error=access_denied', '?code=x&code=y', '', '?'.padEnd(2000, 'x')]) {
      const jar = new CookieJar(live)
      await jar.send('GET', '/v1/oidc/start')
      expect((await jar.send('GET', `/v1/oidc/callback${search}`)).headers.get('location')).toBe(failed)
    }
  })

  it('a session fixed before the sign-in does not become the victim’s', async () => {
    const jar = new CookieJar(live)
    jar.cookies.set('panal-session', 'A'.repeat(43))
    await signIn('ada', jar)
    expect(jar.session).not.toBe('A'.repeat(43))
    const attacker = new CookieJar(live)
    attacker.cookies.set('panal-session', 'A'.repeat(43))
    expect(await (await attacker.send('GET', '/v1/session')).json()).toEqual({ signedIn: false })
  })
})

it('a provider that is away stops nobody else, and is found again when it is back', async () => {
  await live.close()
  const { port } = new URL(provider.issuer)
  const away = liveConfig({
    data: join(folder, 'data'),
    oidcIssuer: `http://127.0.0.1:9`,
    oidcClientId,
    oidcEmailDomains: ['example.org'],
  })
  expect(port).not.toBe('9')
  const server = await startServer(away)
  const response = await fetch(`${server.url}/v1/oidc/start`, { redirect: 'manual' })
  expect(response.headers.get('location')).toBe('/admin#refused=oidc-unreachable')
  await server.close()
  live = await start({ oidcEmailDomains: ['example.org'] })
  expect((await signIn('ada')).who).toMatchObject({ signedIn: true })
}, 60_000)
