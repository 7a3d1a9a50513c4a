import { beforeAll, describe, expect, it } from '@jest/globals'
import { systemClock, type Clock } from '@panal/client-core'
import { createTask, useLiveServer } from '../fixtures/live-server.ts'
import { asLocalOwner, signedIn, type CookieJar } from '../fixtures/people.ts'
import { answerOf } from '../fixtures/raw-http.ts'

let offsetMs = 0
const real = systemClock({ setTimeout, clearTimeout })
const clock: Clock = { now: () => real.now() + offsetMs, sleep: (ms, signal) => real.sleep(ms, signal) }
const live = useLiveServer({ promotionPeople: 2, sessionMs: 86_400_000, sessionIdleMs: 86_400_000 }, { clock })
let ada: CookieJar
let bob: CookieJar
let owner: CookieJar
beforeAll(async () => {
  await createTask(live)
  await createTask(live, { id: 'other' })
  ada = await signedIn(live, 'Ada', 'operator')
  bob = await signedIn(live, 'Bob', 'operator')
  owner = await signedIn(live, 'Olga', 'owner')
}, 60_000)

const base = '/v1/tasks/digits'
const ask = async (who: CookieJar, reason = 'it is good') =>
  (await answerOf(await who.send('POST', `${base}/promote`, { version: 0, reason }))) as {
    status: number
    request: { id: number; state: string }
  }
const decide = async (who: CookieJar, id: number, verb: 'approve' | 'refuse', task = base) =>
  answerOf(await who.send('POST', `${task}/requests/${id}/${verb}`))
const champion = async () =>
  ((await answerOf(await live.fetch(base))) as { pointers: { champion: number | null } }).pointers.champion

describe('under the two-person rule', () => {
  it('a promotion waits, moves nothing, and is refused to whoever asked, by any credential', async () => {
    const { status, request } = await ask(ada)
    expect([status, request]).toEqual([
      202,
      expect.objectContaining({ state: 'waiting', askedBy: 'Ada', version: 0, reason: 'it is good', champion: null }),
    ])
    expect(await champion()).toBeNull()
    expect(await decide(ada, request.id, 'approve')).toMatchObject({ status: 403, code: 'same-person' })
    const { token } = await answerOf(await ada.send('POST', '/v1/tokens', { name: 'ci', role: 'operator' }))
    const again = await signedIn(live, 'ADA')
    expect(await decide(again, request.id, 'approve')).toMatchObject({ code: 'same-person' })
    const byToken = await live.fetch(`${base}/requests/${request.id}/approve`, {
      method: 'POST',
      headers: { authorization: `Bearer ${String(token)}` },
    })
    expect(await answerOf(byToken)).toMatchObject({ status: 403, code: 'same-person' })
    // Who holds a machine's token is not known: it is no second person.
    expect(await answerOf(await live.asOperator('POST', `${base}/requests/${request.id}/approve`))).toMatchObject({
      status: 403,
      code: 'forbidden',
    })
    const viewer = await signedIn(live, 'Vera', 'viewer')
    expect(await decide(viewer, request.id, 'approve')).toMatchObject({ status: 403, code: 'forbidden' })
    expect(await decide(bob, request.id, 'approve', '/v1/tasks/other')).toMatchObject({
      status: 404,
      code: 'not-found',
    })
    expect(await champion()).toBeNull()
    expect(await decide(ada, request.id, 'refuse')).toMatchObject({ request: { state: 'refused', decidedBy: 'Ada' } })
    expect(await decide(bob, request.id, 'approve')).toMatchObject({ status: 409, code: 'request-over' })
  })

  it('nobody has to ask for what may not be promoted at all', async () => {
    expect(await answerOf(await ada.send('POST', `${base}/promote`, { version: 9, reason: 'x' }))).toMatchObject({
      code: 'unknown-version',
    })
    expect(await answerOf(await ada.send('POST', `${base}/roll-back`, { reason: 'x' }))).toMatchObject({
      code: 'nothing-to-roll-back',
    })
  })

  it('a request that nobody decided within a week is over', async () => {
    const { request } = await ask(ada, 'for next week')
    offsetMs = 7 * 24 * 3_600_000
    const late = await signedIn(live, 'Bob')
    expect(await decide(late, request.id, 'approve')).toMatchObject({ status: 409, code: 'request-over' })
    expect(await answerOf(await late.send('GET', `${base}/requests?limit=1`))).toMatchObject({
      requests: [{ id: request.id, state: 'expired' }],
    })
    ;[ada, bob, owner] = [await signedIn(live, 'Ada'), late, await signedIn(live, 'Olga')]
  })

  it('a second person moves the champion, once, however many approve; what was asked before it is overtaken', async () => {
    const [first, second] = [await ask(ada), await ask(bob)]
    const answers = await Promise.all([owner, bob, owner].map((who) => decide(who, first.request.id, 'approve')))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409])
    expect(await champion()).toBe(0)
    const { moves } = (await answerOf(await ada.send('GET', `${base}/moves?limit=1`))) as { moves: object[] }
    expect(moves).toMatchObject([
      { pointer: 'champion', to: 0, actor: expect.stringMatching(/^Ada, approved by (Olga|Bob)$/) },
    ])
    expect(await decide(ada, second.request.id, 'approve')).toMatchObject({ code: 'request-over' })
    expect(await answerOf(await ada.send('GET', `${base}/requests?limit=2`))).toMatchObject({
      requests: [{ state: 'overtaken' }, { state: 'approved' }],
    })
  })

  it('an emergency is an owner’s to declare, and leads back to an earlier champion only', async () => {
    const body = { reason: 'it answers nonsense', emergency: true }
    expect(await answerOf(await ada.send('POST', `${base}/roll-back`, body))).toMatchObject({ code: 'forbidden' })
    expect(await answerOf(await owner.send('POST', `${base}/roll-back`, body))).toMatchObject({
      code: 'nothing-to-roll-back',
    })
    expect(await asLocalOwner(live, 'GET', '/v1/audit/verify')).toMatchObject({ ok: true })
  })
})
