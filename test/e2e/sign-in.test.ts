import { describe, expect, it } from '@jest/globals'
import { liveConfig, useLiveServer } from '../fixtures/live-server.ts'
import { asLocalOwner, CookieJar, signedIn } from '../fixtures/people.ts'
import { answerOf } from '../fixtures/raw-http.ts'
import { startServer } from '@panal/server'
import { join } from 'node:path'

const live = useLiveServer({ signInsPerMinute: 10_000 })
const password = 'four words of mine'
const whoIs = async (jar: CookieJar) => (await (await jar.send('GET', '/v1/session')).json()) as object
const codeOf = async (response: Response) => {
  const { status, code } = await answerOf(response)
  return [status, code]
}
const byPassword = (jar: CookieJar, name: string, given = password) =>
  jar.send('POST', '/v1/session', { name, password: given })

describe('an account’s life', () => {
  it('the first admin comes by the link that the start printed, sets a password, and comes by it again', async () => {
    const jar = new CookieJar(live)
    const link = new URL(live.adminLink!).hash.replace('#link=', '')
    expect((await jar.send('POST', '/v1/session', { link })).status).toBe(200)
    expect(await codeOf(await jar.send('PUT', '/v1/account/password', { password: 'qwerty123456' }))).toEqual([
      422,
      'weak-password',
    ])
    expect((await jar.send('PUT', '/v1/account/password', { password })).status).toBe(200)
    await jar.send('DELETE', '/v1/session')
    expect(await whoIs(jar)).toEqual({ signedIn: false })
    expect(await answerOf(await byPassword(jar, 'ADMIN'))).toEqual({
      status: 200,
      signedIn: true,
      role: 'owner',
      name: 'admin',
    })
    expect(await answerOf(await jar.send('GET', '/v1/account'))).toMatchObject({ name: 'admin', hasPassword: true })
  })

  it('wrong name and wrong password are told alike', async () => {
    const answers = []
    for (const name of ['admin', 'nobody'])
      answers.push(await answerOf(await byPassword(new CookieJar(live), name, 'wrong')))
    expect(answers[0]).toEqual({ status: 401, code: 'sign-in-refused', detail: expect.any(String) })
    expect(answers[1]).toEqual(answers[0])
  })

  it.each([
    {},
    { name: 'admin' },
    { link: 'x', name: 'admin', password },
    { name: 'admin', password: 5 },
    { name: ['admin'], password },
    [],
  ])('%j is no sign-in', async (body) => {
    expect(await codeOf(await new CookieJar(live).send('POST', '/v1/session', body))).toEqual([400, 'bad-request'])
  })

  it('many wrong passwords: 429 and the time to wait, in the header too', async () => {
    await asLocalOwner(live, 'POST', '/v1/people', { name: 'target', role: 'viewer' })
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => byPassword(new CookieJar(live), 'target', 'guess')),
    )
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused.length).toBeGreaterThanOrEqual(6)
    expect(await answerOf(refused[0]!)).toMatchObject({ code: 'rate-limited', retryAfterMs: expect.any(Number) })
    expect(Number(refused[0]!.headers.get('retry-after'))).toBeGreaterThan(0)
    // A link still opens it.
    expect(await whoIs(await signedIn(live, 'target'))).toMatchObject({ name: 'target' })
  })

  it('sessions are listed and ended from another one', async () => {
    const [a, b] = [await signedIn(live, 'Cleo', 'viewer'), await signedIn(live, 'Cleo')]
    const { sessions } = (await (await a.send('GET', '/v1/account/sessions')).json()) as {
      sessions: { id: string; isThis: boolean; network: string }[]
    }
    expect(sessions.map(({ isThis }) => isThis).sort()).toEqual([false, true])
    expect(sessions[0]!.network).toBe('127.0.0.0/24')
    const other = sessions.find(({ isThis }) => !isThis)!
    expect((await a.send('DELETE', `/v1/account/sessions/${other.id}`)).status).toBe(200)
    expect([await whoIs(a), await whoIs(b)]).toMatchObject([{ signedIn: true }, { signedIn: false }])
    expect(await answerOf(await a.send('DELETE', '/v1/account/sessions'))).toEqual({ status: 200, numEnded: 1 })
    expect(await whoIs(a)).toEqual({ signedIn: false })
  })

  it('disabled: the next request is refused', async () => {
    const jar = await signedIn(live, 'Dora', 'operator')
    await asLocalOwner(live, 'POST', '/v1/people/dora/disable')
    expect(await codeOf(await jar.send('GET', '/v1/account'))).toEqual([401, 'unauthorized'])
  })

  it('a token may do no more than its maker, and ends when told', async () => {
    const jar = await signedIn(live, 'Emil', 'operator')
    expect(await codeOf(await jar.send('POST', '/v1/tokens', { name: 'ci', role: 'owner' }))).toEqual([
      403,
      'forbidden',
    ])
    expect(await codeOf(await jar.send('POST', '/v1/tokens', { name: 'ci', role: 'viewer', expiresAt: 1 }))).toEqual([
      400,
      'bad-request',
    ])
    const { token } = await answerOf(await jar.send('POST', '/v1/tokens', { name: 'ci', role: 'viewer' }))
    const authorization = `Bearer ${String(token)}`
    expect(await answerOf(await live.fetch('/v1/session', { headers: { authorization } }))).toMatchObject({
      name: 'Emil (token ci)',
      role: 'viewer',
    })
    const { tokens } = (await (await jar.send('GET', '/v1/tokens')).json()) as { tokens: { id: string }[] }
    expect(tokens).toMatchObject([{ name: 'ci', owner: 'Emil', role: 'viewer', seenAt: expect.any(Number) }])
    await jar.send('DELETE', `/v1/tokens/${tokens[0]!.id}`)
    expect(await codeOf(await live.fetch('/v1/session', { headers: { authorization } }))).toEqual([401, 'unauthorized'])
  })
})

describe('a session’s cookie', () => {
  it('is a new one at each sign-in, and what was there before ends: nobody can fix it beforehand', async () => {
    const attacker = await signedIn(live, 'Mallory', 'viewer')
    const planted = attacker.session!
    const victim = new CookieJar(live)
    victim.cookies.set('panal-session', planted)
    expect((await byPassword(victim, 'admin')).status).toBe(200)
    expect(victim.session).not.toBe(planted)
    expect(await whoIs(attacker)).toEqual({ signedIn: false })
    expect(await whoIs(victim)).toMatchObject({ name: 'admin' })
  })

  it('over https is __Host-, Secure, HttpOnly and SameSite; without the prefix it is no session', async () => {
    const config = liveConfig({ data: join(live.folder, 'https'), publicUrl: 'https://panal.example.org' })
    const server = await startServer(config)
    try {
      const { port } = server.app.server.address() as { port: number }
      const url = `http://127.0.0.1:${port}/v1/session`
      const link = new URL(server.adminLink!).hash.replace('#link=', '')
      expect(server.adminLink).toMatch(/^https:\/\/panal\.example\.org\/admin#link=/)
      const headers = { 'content-type': 'application/json' }
      const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ link }) })
      const cookie = response.headers.get('set-cookie')!
      expect(cookie).toMatch(
        /^__Host-panal-session=[\w-]{43}; Max-Age=43\d{3}; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
      )
      const secret = /=([\w-]{43})/.exec(cookie)![1]!
      const ask = async (name: string): Promise<unknown> =>
        (await fetch(url, { headers: { cookie: `${name}=${secret}` } })).json()
      expect(await ask('__Host-panal-session')).toMatchObject({ signedIn: true })
      expect(await ask('panal-session')).toEqual({ signedIn: false })
    } finally {
      await server.close()
    }
  }, 30_000)

  it.each([
    ['without our header', {}, { 'x-panal-csrf': '' }],
    ['from another origin', {}, { origin: 'https://evil.example' }],
    ['from nowhere', {}, { origin: 'null' }],
    ['from our host on another port', {}, { origin: 'http://127.0.0.1:1' }],
    ['as a form sends it', {}, { 'content-type': 'application/x-www-form-urlencoded', 'x-panal-csrf': '' }],
    ['as a form may send JSON', {}, { 'content-type': 'text/plain', 'x-panal-csrf': '' }],
  ])('does nothing in somebody’s name %s', async (_how, body, headers) => {
    const jar = await signedIn(live, 'admin')
    for (const [method, path] of [
      ['POST', '/v1/tokens'],
      ['PUT', '/v1/account/password'],
      ['DELETE', '/v1/account/sessions'],
      ['DELETE', '/v1/session'],
      ['POST', '/v1/people'],
    ] as const)
      // A form's content type may be refused even before the forgery is.
      expect([path, (await jar.send(method, path, method === 'DELETE' ? undefined : body, headers)).status]).toEqual([
        path,
        'content-type' in headers && path === '/v1/session' ? 415 : 403,
      ])
    expect(await whoIs(jar)).toMatchObject({ signedIn: true })
  })

  it('is not given to a page of another origin', async () => {
    const { link } = await asLocalOwner<{ link: string }>(live, 'POST', '/v1/links', { name: 'admin' })
    for (const origin of ['https://evil.example', 'null']) {
      const response = await new CookieJar(live).send('POST', '/v1/session', { link }, { origin })
      expect([...(await codeOf(response)), response.headers.get('set-cookie')]).toEqual([403, 'forbidden', null])
    }
  })
})
