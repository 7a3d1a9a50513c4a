import { beforeAll, describe, expect, it } from '@jest/globals'
import { systemClock, type Clock } from '@panal/client-core'
import type { RouteAudience } from '../../server/src/http/audience.ts'
import { createTask, useLiveServer } from '../fixtures/live-server.ts'
import { signedIn, tokenOf, type RoleName } from '../fixtures/people.ts'
import { requestPath } from '../fixtures/raw-http.ts'
import { dpopFor, type TestDevice } from '../fixtures/test-device.ts'

/** For whom each route is. A route that is not here fails the test: somebody has to say so twice. */
const expected: Record<string, 'public' | 'device' | RoleName> = {
  'GET /healthz': 'public',
  'GET /readyz': 'public',
  'GET /metrics': 'viewer',
  'GET /v1/devices': 'operator',
  'GET /v1/devices/challenge': 'public',
  'POST /v1/devices': 'public',
  'POST /v1/devices/:deviceId/revoke': 'operator',
  'POST /v1/devices/:deviceId/quarantine': 'operator',
  'POST /v1/devices/:deviceId/release': 'operator',
  'POST /v1/tasks/:taskId/invitations': 'operator',
  'GET /v1/keys': 'public',
  'POST /v1/keys/rotate': 'owner',
  'GET /v1/schemas/task': 'public',
  'GET /v1/schemas/gate-report': 'public',
  'GET /v1/tasks': 'public',
  'GET /v1/tasks/:taskId': 'public',
  'POST /v1/tasks': 'operator',
  'GET /v1/tasks/:taskId/sets': 'viewer',
  'POST /v1/tasks/:taskId/sets': 'operator',
  'POST /v1/tasks/:taskId/pause': 'operator',
  'POST /v1/tasks/:taskId/resume': 'operator',
  'GET /v1/tasks/:taskId/rounds': 'public',
  'GET /v1/tasks/:taskId/rounds/:roundNumber/inspection': 'operator',
  'POST /v1/tasks/:taskId/rounds/:roundNumber/replay': 'operator',
  'GET /v1/tasks/:taskId/versions': 'public',
  'GET /v1/tasks/:taskId/versions/:version': 'public',
  'GET /v1/tasks/:taskId/versions/:version/report.json': 'public',
  'GET /v1/tasks/:taskId/versions/:version/report.html': 'viewer',
  'GET /v1/tasks/:taskId/versions/:version/samples': 'viewer',
  'GET /v1/tasks/:taskId/versions/:version/judgements': 'public',
  'POST /v1/tasks/:taskId/versions/:version/judge': 'operator',
  'GET /v1/tasks/:taskId/moves': 'public',
  'GET /v1/tasks/:taskId/models/champion': 'public',
  'GET /v1/tasks/:taskId/models/:version': 'public',
  'POST /v1/tasks/:taskId/promote': 'operator',
  'POST /v1/tasks/:taskId/roll-back': 'operator',
  'GET /v1/tasks/:taskId/requests': 'viewer',
  'POST /v1/tasks/:taskId/requests/:request/approve': 'operator',
  'POST /v1/tasks/:taskId/requests/:request/refuse': 'operator',
  'GET /v1/blobs/:sha256': 'public',
  'GET /v1/audit/entries': 'auditor',
  'GET /v1/audit/verify': 'auditor',
  'GET /v1/people': 'owner',
  'POST /v1/people': 'owner',
  'POST /v1/people/:name/role': 'owner',
  'POST /v1/people/:name/disable': 'owner',
  'POST /v1/people/:name/enable': 'owner',
  'POST /v1/links': 'owner',
  'POST /v1/tokens': 'viewer',
  'GET /v1/tokens': 'viewer',
  'DELETE /v1/tokens/:id': 'viewer',
  'GET /v1/account': 'viewer',
  'PUT /v1/account/password': 'viewer',
  'GET /v1/account/sessions': 'viewer',
  'DELETE /v1/account/sessions': 'viewer',
  'DELETE /v1/account/sessions/:id': 'viewer',
  'GET /v1/sign-in': 'public',
  'GET /v1/oidc/start': 'public',
  'GET /v1/oidc/callback': 'public',
  'POST /v1/session': 'public',
  'GET /v1/session': 'public',
  'DELETE /v1/session': 'public',
  'HEAD /v1/tasks/:taskId/rounds/:roundNumber/updates/:sha256': 'device',
  'PUT /v1/tasks/:taskId/rounds/:roundNumber/updates/:sha256': 'device',
  'GET /v1/datasets': 'operator',
  'PUT /v1/datasets': 'operator',
  'GET /': 'public',
  'GET /*': 'public',
  ...Object.fromEntries(
    ['contribute', 'try', 'admin'].flatMap((page) => [
      [`GET /${page}`, 'public'],
      [`GET /${page}/*`, 'public'],
    ]),
  ),
}

/** What fills the parameters of a path: nothing that is there, so that a walk changes little. */
const params: Record<string, string> = {
  deviceId: `d_${'A'.repeat(22)}`,
  taskId: 'nowhere',
  version: '1',
  request: '1',
  sha256: '0'.repeat(64),
  roundNumber: '1',
  name: 'somebody',
  id: '0'.repeat(16),
  '*': 'x',
}
const fill = (url: string) =>
  url.replace(/:(\w+)|\*/g, (found, name: string | undefined) => params[name ?? found] ?? '?')

const ranks: RoleName[] = ['viewer', 'auditor', 'operator', 'owner']
type Caller = 'nobody' | 'device' | 'expired session' | 'ended session' | 'revoked token' | RoleName

/** What the guard is to say; 'through' is anything that is not its refusal. */
function verdict(caller: Caller, audience: (typeof expected)[string]): 'through' | 'unauthorized' | 'forbidden' {
  if (audience === 'device') return caller === 'device' ? 'through' : 'unauthorized'
  // A credential that is not good is refused also where none is needed; a cookie that has run out is none.
  if (caller === 'revoked token') return 'unauthorized'
  if (audience === 'public') return 'through'
  if (caller === 'nobody' || caller === 'device' || caller === 'expired session' || caller === 'ended session')
    return 'unauthorized'
  return ranks.indexOf(caller) >= ranks.indexOf(audience) ? 'through' : 'forbidden'
}

let offsetMs = 0
const real = systemClock({ setTimeout, clearTimeout })
const clock: Clock = { now: () => real.now() + offsetMs, sleep: (ms, signal) => real.sleep(ms, signal) }
const live = useLiveServer({ signInsPerMinute: 10_000, enrolmentsPerMinute: 10_000 }, { clock })
let device: TestDevice
const callers = {} as Record<Caller, Record<string, string>>
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

beforeAll(async () => {
  await createTask(live)
  const expired = await signedIn(live, 'expired', 'owner')
  offsetMs = 13 * 3_600_000
  const ended = await signedIn(live, 'ended', 'owner')
  const endedCookie = `panal-session=${ended.session!}`
  await ended.send('DELETE', '/v1/session')
  const owner = await signedIn(live, 'revoker', 'owner')
  const made = await owner.send('POST', '/v1/tokens', { name: 'gone', role: 'owner' })
  const { token: revoked } = (await made.json()) as { token: string }
  const { tokens } = (await (await owner.send('GET', '/v1/tokens')).json()) as {
    tokens: { id: string; name: string }[]
  }
  await owner.send('DELETE', `/v1/tokens/${tokens.find(({ name }) => name === 'gone')!.id}`)
  device = await live.enrol()
  Object.assign(callers, {
    nobody: {},
    device: {},
    'expired session': { cookie: `panal-session=${expired.session!}` },
    'ended session': { cookie: endedCookie },
    'revoked token': bearer(revoked),
  } satisfies Partial<typeof callers>)
  for (const role of ranks) callers[role] = bearer(await tokenOf(live, role))
}, 60_000)

async function ask(caller: Caller, method: string, path: string): Promise<'through' | 'unauthorized' | 'forbidden'> {
  const proof = caller === 'device' ? { dpop: await dpopFor(live, device, [method, path]) } : {}
  const headers = { ...callers[caller], ...proof, 'x-panal-csrf': '1' }
  const { status, body } = await requestPath(live.url, path, { method, headers })
  if (method === 'HEAD') return status === 401 ? 'unauthorized' : status === 403 ? 'forbidden' : 'through'
  const { code } = (/^\{/.test(body) ? JSON.parse(body) : {}) as { code?: string }
  return code === 'unauthorized' || code === 'forbidden' ? code : 'through'
}

describe('every route', () => {
  it('[F41] is for whom the table says, and none is missing', () => {
    const routes: RouteAudience[] = live.app.routeAudiences
    const listed = routes.filter(({ method, url }) => method !== 'HEAD' || `HEAD ${url}` in expected)
    expect(Object.fromEntries(listed.map(({ method, url, audience }) => [`${method} ${url}`, audience]))).toEqual(
      expected,
    )
    // The HEAD of a GET is for whom the GET is.
    for (const { method, url, audience } of routes.filter(
      ({ method, url }) => method === 'HEAD' && `GET ${url}` in expected,
    ))
      expect([method, url, audience]).toEqual([method, url, expected[`GET ${url}`]])
  })

  it.each<Caller>([
    'nobody',
    'device',
    'expired session',
    'ended session',
    'revoked token',
    'viewer',
    'auditor',
    'operator',
    'owner',
  ])('[F41] as %s', async (caller) => {
    const wrong: string[] = []
    for (const [route, audience] of Object.entries(expected)) {
      const [method = '', url = ''] = route.split(' ')
      const [wanted, got] = [verdict(caller, audience), await ask(caller, method, fill(url))]
      if (got !== wanted) wrong.push(`${route}: ${got}, not ${wanted}`)
    }
    expect(wrong).toEqual([])
  })
})

/** The same address, written so that a careless guard would not know it again. */
const tricks: Record<string, (path: string) => string> = {
  'each letter encoded': (path) => path.replace(/[a-z]/g, (c) => `%${c.charCodeAt(0).toString(16)}`),
  'first letter encoded': (path) => path.replace(/^\/(.)/, (_, c: string) => `/%${c.charCodeAt(0).toString(16)}`),
  'encoded twice': (path) => path.replace(/[a-z]/g, (c) => `%25${c.charCodeAt(0).toString(16)}`),
  'double slash': (path) => `/${path}`,
  'double slash inside': (path) => path.replace('/v1/', '/v1//'),
  dots: (path) => path.replace('/v1/', '/v1/../v1/'),
  'dots from a public page': (path) => `/admin/..${path}`,
  'encoded dots': (path) => `/admin/%2e%2e${path}`,
  'encoded slash': (path) => path.replace('/v1/', '/v1%2f'),
  backslash: (path) => path.replace('/v1/', '/v1\\'),
  'upper case': (path) => path.toUpperCase(),
  'trailing slash': (path) => `${path}/`,
  semicolon: (path) => `${path};x=y`,
  query: (path) => `${path}?/healthz`,
  fragment: (path) => `${path}%23/healthz`,
  absolute: (path) => `http://other.example${path}`,
}

describe('another way to write an address', () => {
  const guarded = Object.entries(expected).filter(([, audience]) => ranks.includes(audience as RoleName))

  it.each(Object.keys(tricks))(
    '[F41] %s: opens nothing to nobody, nor to a viewer what is an operator’s',
    async (trick) => {
      const opened: string[] = []
      for (const [route, audience] of guarded) {
        const [method = '', url = ''] = route.split(' ')
        for (const caller of ['nobody', 'viewer'] as const) {
          if (verdict(caller, audience) === 'through') continue
          const headers = { ...callers[caller], 'x-panal-csrf': '1' }
          const { status, type } = await requestPath(live.url, tricks[trick]!(fill(url)), { method, headers })
          // Under /admin/ any address is the page itself, which shows what its visitor may see.
          const isPage = type.startsWith('text/html')
          if (![400, 401, 403, 404].includes(status) && !isPage) opened.push(`${caller} ${route}: ${status}`)
        }
      }
      expect(opened).toEqual([])
    },
  )

  it('[F41] that does reach a route is refused as the route is', async () => {
    const path = tricks['each letter encoded']!('/v1/people')
    const answers = []
    for (const caller of ['nobody', 'viewer', 'owner'] as const)
      answers.push((await requestPath(live.url, path, { headers: callers[caller] })).status)
    expect(answers).toEqual([401, 403, 200])
  })
})
