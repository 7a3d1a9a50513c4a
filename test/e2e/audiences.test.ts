import { beforeAll, describe, expect, it } from '@jest/globals'
import { createTask, useLiveServer } from '../fixtures/live-server.ts'
import { answerOf } from '../fixtures/raw-http.ts'
import { dpopFor, testDevice, workFor } from '../fixtures/test-device.ts'

const live = useLiveServer()
beforeAll(async () => {
  await createTask(live)
}, 60_000)

const json = { 'content-type': 'application/json' }
const codeOf = async (path: string, init?: RequestInit) => {
  const { status, code } = (await answerOf(await live.fetch(path, init))) as { status: number; code?: string }
  return [status, code]
}
const tokenOf = async (role: string) => {
  const { link } = (await (await ownerPost('/v1/links', { name: role, role: 'owner' })).json()) as { link: string }
  const cookie = await signIn(link)
  const response = await live.fetch('/v1/tokens', {
    method: 'POST',
    headers: { ...json, cookie, 'x-panal-csrf': '1' },
    body: JSON.stringify({ name: role, role }),
  })
  return ((await response.json()) as { token: string }).token
}
const ownerPost = async (path: string, body: unknown) =>
  live.fetch(path, {
    method: 'POST',
    headers: { ...json, cookie: await ownerCookie(), 'x-panal-csrf': '1' },
    body: JSON.stringify(body),
  })
let ownersCookie: Promise<string> | undefined
const ownerCookie = () => (ownersCookie ??= signIn(new URL(live.adminLink!).hash.replace('#link=', '')))
async function signIn(link: string): Promise<string> {
  const response = await live.fetch('/v1/session', { method: 'POST', headers: json, body: JSON.stringify({ link }) })
  return response.headers.get('set-cookie')!.split(';')[0]!
}

describe('who may do what', () => {
  const mutations: [string, string, unknown][] = [
    ['POST', '/v1/tasks', {}],
    ['POST', '/v1/tasks/digits/pause', undefined],
    ['POST', '/v1/tasks/digits/resume', undefined],
    ['POST', '/v1/tasks/digits/promote', { version: 0, reason: 'x' }],
    ['POST', '/v1/tasks/digits/roll-back', { reason: 'x' }],
    ['POST', '/v1/tokens', { name: 'x', role: 'owner' }],
    ['POST', '/v1/links', { name: 'x', role: 'owner' }],
    ['GET', '/v1/audit/verify', undefined],
  ]
  const call = async (token: string | undefined, [method, path, body]: (typeof mutations)[number]) => {
    const headers = {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : json),
    }
    return codeOf(path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
  }

  it('nobody without a credential changes anything', async () => {
    for (const each of mutations) expect(await call(undefined, each)).toEqual([401, 'unauthorized'])
    expect(
      await codeOf('/v1/datasets', {
        method: 'PUT',
        headers: { 'content-type': 'application/octet-stream' },
        body: 'x',
      }),
    ).toEqual([401, 'unauthorized'])
  })

  it('a viewer changes nothing, also under an address written otherwise', async () => {
    const viewer = await tokenOf('viewer')
    for (const each of mutations) expect([each[1], ...(await call(viewer, each))]).toEqual([each[1], 403, 'forbidden'])
    expect(await call(viewer, ['POST', '/v1/%74asks/digits/%70ause', undefined])).toEqual([403, 'forbidden'])
  })

  it('what datasets look like is for those who may add one', async () => {
    const list = ['GET', '/v1/datasets', undefined] as (typeof mutations)[number]
    expect(await call(undefined, list)).toEqual([401, 'unauthorized'])
    for (const role of ['viewer', 'auditor']) expect(await call(await tokenOf(role), list)).toEqual([403, 'forbidden'])
    expect((await call(live.operatorToken, list))[0]).toBe(200)
  })

  it('an operator moves champions but makes no credentials; an auditor only verifies', async () => {
    expect(await call(live.operatorToken, ['POST', '/v1/tokens', { name: 'x', role: 'owner' }])).toEqual([
      403,
      'forbidden',
    ])
    const auditor = await tokenOf('auditor')
    expect(await call(auditor, ['GET', '/v1/audit/verify', undefined])).toEqual([200, undefined])
    expect(await call(auditor, ['POST', '/v1/tasks/digits/pause', undefined])).toEqual([403, 'forbidden'])
  })

  it('a wrong token is 401 even where none is needed', async () => {
    expect(await codeOf('/v1/tasks', { headers: { authorization: 'Bearer nonsense' } })).toEqual([401, 'unauthorized'])
    expect(await codeOf('/v1/tasks', { headers: { authorization: 'Basic eDp5' } })).toEqual([401, 'unauthorized'])
  })

  it('a session signs in once by link, is told who it is, and signs out', async () => {
    const { link } = (await (await ownerPost('/v1/links', { name: 'Ada', role: 'viewer' })).json()) as { link: string }
    const first = await live.fetch('/v1/session', { method: 'POST', headers: json, body: JSON.stringify({ link }) })
    expect(await answerOf(first)).toEqual({ status: 200, signedIn: true, role: 'viewer', name: 'Ada' })
    expect(first.headers.get('set-cookie')).toMatch(
      /^panal-session=[\w-]{43}; Max-Age=43\d{3}; Path=\/; HttpOnly; SameSite=Strict$/,
    )
    expect(await codeOf('/v1/session', { method: 'POST', headers: json, body: JSON.stringify({ link }) })).toEqual([
      401,
      'link-used',
    ])
    const cookie = first.headers.get('set-cookie')!.split(';')[0]!
    expect(await answerOf(await live.fetch('/v1/session', { headers: { cookie } }))).toMatchObject({ name: 'Ada' })
    // A session's secret is no API token, and the other way round.
    expect(await codeOf('/v1/session', { headers: { authorization: `Bearer ${cookie.split('=')[1]!}` } })).toEqual([
      401,
      'unauthorized',
    ])
    await live.fetch('/v1/session', { method: 'DELETE', headers: { cookie, 'x-panal-csrf': '1' } })
    expect(await answerOf(await live.fetch('/v1/session', { headers: { cookie } }))).toEqual({
      status: 200,
      signedIn: false,
    })
  })

  it('a cookie alone changes nothing: it needs our header and our origin', async () => {
    const cookie = await ownerCookie()
    const pause = (headers: Record<string, string>) =>
      codeOf('/v1/tasks/digits/pause', { method: 'POST', headers: { cookie, ...headers } })
    expect(await pause({})).toEqual([403, 'forbidden'])
    expect(await pause({ 'x-panal-csrf': '1', origin: 'https://evil.example' })).toEqual([403, 'forbidden'])
    expect(await pause({ 'x-panal-csrf': '1', origin: live.url })).toEqual([200, undefined])
    expect(
      await codeOf('/v1/tasks/digits/resume', { method: 'POST', headers: { cookie, 'x-panal-csrf': '1' } }),
    ).toEqual([200, undefined])
  })

  it('a contributor who is signed in may still enrol a device', async () => {
    const device = await testDevice()
    const response = await live.fetch('/v1/devices', {
      method: 'POST',
      headers: {
        cookie: await ownerCookie(),
        dpop: await dpopFor(live, device, ['POST', '/v1/devices']),
        'content-type': 'application/json',
      },
      body: JSON.stringify({ taskId: 'digits', work: await workFor(live, device) }),
    })
    expect(response.status).toBe(201)
  })
})
