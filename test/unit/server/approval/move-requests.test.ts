import { beforeEach, describe, expect, it } from '@jest/globals'
import { MoveRequests, requestMs } from '../../../../server/src/approval/move-requests.ts'
import type { Identity } from '../../../../server/src/auth/identity.ts'
import { makePeople } from '../../../../server/src/auth/people.ts'
import { concluded, report, twoParamTask } from '../../../fixtures/registry-rounds.ts'
import { useTempStore } from '../../../fixtures/temp-store.ts'

const store = useTempStore()
const refused = (code: string) => expect.objectContaining({ code }) as unknown as Error
let requests: MoveRequests
let people: ReturnType<typeof makePeople>
let ada: Identity
let bob: Identity

beforeEach(async () => {
  await store.registry.createTask(twoParamTask(), Float32Array.of(0, 0), 'ada')
  people = makePeople({ ...store, times: { sessionMs: 1e9, sessionIdleMs: 1e9 } })
  const signIn = (name: string): Identity => {
    const { secret } = people.links.create({ name, role: 'operator' }, 'test')
    return people.sessions.identify(people.signInByLink(secret, 'here').secret)!
  }
  ;[ada, bob] = [signIn('Ada'), signIn('Bob')]
  requests = new MoveRequests({ ...store, champion: (taskId) => store.registry.pointers(taskId).champion })
})

const ask = (version: number, againstGate?: boolean) =>
  requests.ask({ taskId: 'digits', move: 'promote', version, reason: 'good', ...(againstGate && { againstGate }) }, ada)
const actions = () => store.audit.entries().map(({ actor, action }) => `${actor} ${action}`)
const approve = (id: number, version: number) =>
  store.registry.promote({
    taskId: 'digits',
    version,
    actor: 'Ada, approved by Bob',
    reason: 'good',
    againstGate: requests.get('digits', id).againstGate,
    alongside: () => requests.approve('digits', id, bob),
  })

describe('a request', () => {
  it('approved and the move are one transaction: a move that is refused leaves it waiting', async () => {
    const { id } = ask(9)
    const before = store.audit.head()
    await expect(approve(id, 9)).rejects.toEqual(refused('unknown-version'))
    expect(requests.get('digits', id).state).toBe('waiting')
    expect(store.audit.head()).toEqual(before)
    // And the other way round: an approval that is refused moves nothing.
    const again = ask(0)
    requests.refuse('digits', again.id, bob)
    await expect(approve(again.id, 0)).rejects.toEqual(refused('request-over'))
    expect(store.registry.pointers('digits').champion).toBeNull()
  })

  it('leaves a row for asking, approving and moving', async () => {
    const { id } = ask(0)
    expect((await approve(id, 0)).champion).toBe(0)
    expect(actions().slice(0, 3)).toEqual(['Ada, approved by Bob promoted', 'Bob move-approved', 'Ada move-asked'])
    expect(requests.get('digits', id)).toMatchObject({ state: 'approved', decidedBy: 'Bob' })
  })

  it('is overtaken when the gate moves the champion, and survives a restart until then', async () => {
    const { id } = ask(0)
    await store.reopen()
    requests = new MoveRequests({ ...store, champion: (taskId) => store.registry.pointers(taskId).champion })
    expect(requests.get('digits', id).state).toBe('waiting')
    await concluded(store)
    expect(requests.get('digits', id).state).toBe('overtaken')
    await expect(approve(id, 0)).rejects.toEqual(refused('request-over'))
  })

  it.each([
    ['disabled', () => people.accounts.disable('Ada', 'test')],
    ['made an auditor', () => people.accounts.setRole('Ada', 'auditor', 'test')],
  ])('of somebody who was %s since is not approved', async (_, change) => {
    const { id } = ask(0)
    change()
    expect(requests.get('digits', id).state).toBe('lapsed')
    await expect(approve(id, 0)).rejects.toEqual(refused('request-over'))
    expect(store.registry.pointers('digits').champion).toBeNull()
  })

  it('of a machine’s token, or of somebody who became an owner, waits as before', () => {
    people.accounts.setRole('Ada', 'owner', 'test')
    expect(requests.get('digits', ask(0).id).state).toBe('waiting')
    const machine = { ...ada, kind: 'token', name: 'token ci', accountId: null } as const
    const { id } = requests.ask({ taskId: 'digits', move: 'promote', version: 0, reason: 'good' }, machine)
    expect(requests.get('digits', id).state).toBe('waiting')
  })

  it('of a held version that is rejected since waits on, unless it was asked for against the gate', async () => {
    await concluded(store, { verdict: 'NOT_ENOUGH_DATA' })
    const [withGate, against] = [ask(1), ask(1, true)]
    await store.registry.judgedAgain(report(1, null, { verdict: 'BLOCK', reason: 'worse' }), twoParamTask(), {
      actor: 'ada',
    })
    await store.reopen()
    requests = new MoveRequests({ ...store, champion: (taskId) => store.registry.pointers(taskId).champion })
    await expect(approve(withGate.id, 1)).rejects.toEqual(refused('gate-rejected'))
    expect(requests.get('digits', withGate.id)).toMatchObject({ state: 'waiting', againstGate: false })
    expect((await approve(against.id, 1)).champion).toBe(1)
    expect(requests.get('digits', against.id)).toMatchObject({ state: 'approved', againstGate: true })
    const asked = store.audit.entries().filter(({ action }) => action === 'move-asked')
    expect(asked.map(({ detail }) => 'againstGate' in (detail as object))).toEqual([true, false])
  })

  it('is over after seven days', async () => {
    const { id } = ask(0)
    await store.clock.advance(requestMs - 1)
    expect(requests.get('digits', id).state).toBe('waiting')
    await store.clock.advance(1)
    expect(() => requests.refuse('digits', id, ada)).toThrow(refused('request-over'))
  })
})
