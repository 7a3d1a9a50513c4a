import { readFile, stat } from 'node:fs/promises'
import { beforeEach, describe, expect, it } from '@jest/globals'
import type { Account } from '../../../../server/src/auth/accounts.ts'
import type { Identity } from '../../../../server/src/auth/identity.ts'
import { writeLocalToken } from '../../../../server/src/auth/local-token.ts'
import { PasswordHasher } from '../../../../server/src/auth/password-hasher.ts'
import { makePeople, type People } from '../../../../server/src/auth/people.ts'
import { roleAllows, roles } from '../../../../server/src/auth/role.ts'
import type { OpenedSession } from '../../../../server/src/auth/sessions.ts'
import { query } from '../../../../server/src/store/sync-query.ts'
import { useTempStore } from '../../../fixtures/temp-store.ts'

const store = useTempStore()
const minute = 60_000
const hour = 60 * minute
const times = { sessionMs: 12 * hour, sessionIdleMs: hour }
const cost = { ln: 4, r: 8, p: 1 }
const network = '192.0.2.0/24'
const password = 'four words of mine'
let people: People
beforeEach(() => {
  people = makePeople({ ...store, times, hasher: new PasswordHasher({ cost }) })
})

const refused = (code: string) => expect.objectContaining({ code }) as unknown as Error
const ada = { name: 'Ada', role: 'owner' } as const
const signIn = (grant: { name: string; role?: 'viewer' | 'operator' | 'owner' } = ada): OpenedSession =>
  people.signInByLink(people.links.create(grant, 'test').secret, network)
const who = ({ secret }: { secret: string }): Identity => people.sessions.identify(secret)!
const actions = () => store.audit.entries({ limit: 500 }).map(({ actor, action }) => `${actor} ${action}`)
async function withPassword(grant: Parameters<typeof signIn>[0] = ada): Promise<OpenedSession> {
  const opened = signIn(grant)
  await people.passwords.change(who(opened), { password, network })
  return opened
}
const byPassword = (given = password, name = 'ada', browser?: string) =>
  people.passwords.signIn({ name, password: given, network, ...(browser === undefined ? {} : { browser }) })

describe('one-time links', () => {
  it('make the account, sign it in, once', () => {
    const { secret } = people.links.create(ada, 'test')
    expect(people.accounts.hasAnybodySignedIn()).toBe(false)
    expect(people.signInByLink(secret, network).account).toMatchObject(ada)
    expect(() => people.signInByLink(secret, network)).toThrow(refused('link-used'))
    expect(() => people.signInByLink('guess', network)).toThrow(refused('link-used'))
    expect(people.accounts.hasAnybodySignedIn()).toBe(true)
  })

  it('are good for less than 24 hours', async () => {
    const [a, b] = [people.links.create(ada, 'test'), people.links.create(ada, 'test')]
    await store.clock.advance(24 * hour - 1)
    expect(people.signInByLink(a.secret, network).account).toMatchObject(ada)
    await store.clock.advance(1)
    expect(() => people.signInByLink(b.secret, network)).toThrow(refused('link-used'))
  })

  it('change no role, and open no disabled account', () => {
    signIn()
    signIn({ name: 'Bob', role: 'viewer' })
    expect(() => people.links.create({ name: 'bob', role: 'owner' }, 'test')).toThrow(refused('account-exists'))
    const link = people.links.create({ name: 'BOB' }, 'test')
    people.accounts.disable('bob', 'Ada')
    expect(() => people.signInByLink(link.secret, network)).toThrow(refused('link-used'))
    expect(() => people.links.create({ name: 'bob' }, 'test')).toThrow(refused('forbidden'))
  })

  it('are no session, and a session is no link and no token', () => {
    const link = people.links.create(ada, 'test')
    expect(people.sessions.identify(link.secret)).toBeUndefined()
    const session = people.signInByLink(link.secret, network)
    expect(() => people.signInByLink(session.secret, network)).toThrow(refused('link-used'))
    expect(people.tokens.identify(session.secret)).toBeUndefined()
  })
})

describe('names', () => {
  it('that differ in case or composition only are one', () => {
    people.accounts.create({ name: 'Zoë', role: 'viewer' }, 'test')
    expect(people.accounts.find('ZOE\u0308')).toMatchObject({ name: 'Zoë' })
    expect(() => people.accounts.create({ name: 'zoe\u0308', role: 'owner' }, 'x')).toThrow(refused('account-exists'))
  })

  it.each(['gate', 'LOCAL', 'in-process', 'server', ' ada', 'ada\u0000', 'a\u202Eb', '', 'x'.repeat(81)])(
    '%j is nobody’s',
    (name) => {
      expect(() => people.accounts.create({ name, role: 'viewer' }, 'test')).toThrow(refused('bad-request'))
    },
  )
})

describe('sessions', () => {
  it('end 12 hours after the sign-in, however busy', async () => {
    const { secret, expiresAt } = signIn()
    expect(expiresAt).toBe(store.clock.now() + 12 * hour)
    for (let passed = 0; passed < 12 * 60 - 30; passed += 30) {
      await store.clock.advance(30 * minute)
      expect(people.sessions.identify(secret)).toBeDefined()
    }
    await store.clock.advance(30 * minute)
    expect(people.sessions.identify(secret)).toBeUndefined()
  })

  it('end after an hour without a request', async () => {
    const { secret } = signIn()
    await store.clock.advance(hour - 1)
    expect(people.sessions.identify(secret)).toBeDefined()
    await store.clock.advance(hour)
    expect(people.sessions.identify(secret)).toBeUndefined()
    people.sweep()
    expect(store.db.all(query.selectFrom('sessions').selectAll())).toEqual([])
  })

  it('are listed and ended one by one and all at once', () => {
    const [a, b, c] = [signIn(), signIn(), signIn()]
    const other = signIn({ name: 'Bob', role: 'viewer' })
    const { accountId, credentialId } = who(a)
    expect(people.sessions.list(accountId!).map(({ method, network: from }) => [method, from])).toEqual(
      Array(3).fill(['link', network]),
    )
    people.sessions.endOne(accountId!, who(b).credentialId, 'Ada')
    expect(people.sessions.identify(b.secret)).toBeUndefined()
    expect(() => people.sessions.endOne(accountId!, who(other).credentialId, 'Ada')).toThrow(refused('not-found'))
    expect(people.sessions.endAll(accountId!, 'Ada', credentialId)).toBe(1)
    expect([a, c, other].map(({ secret }) => people.sessions.identify(secret)?.name)).toEqual(['Ada', undefined, 'Bob'])
    people.sessions.end(a.secret)
    people.sessions.end(a.secret)
    expect(people.sessions.identify(a.secret)).toBeUndefined()
  })
})

describe('passwords', () => {
  it('are set after a link without an earlier one, and sign in from then on', async () => {
    await withPassword()
    const { account, secret } = await byPassword()
    expect(account).toMatchObject({ ...ada, hasPassword: true })
    expect(who({ secret })).toMatchObject({ name: 'Ada', role: 'owner', kind: 'session' })
  })

  it('unknown name, wrong password, no password and a disabled account: one answer after the same work', async () => {
    const work: string[] = []
    const hasher = new PasswordHasher({ cost })
    const verify = hasher.verify.bind(hasher)
    hasher.verify = async (given, stored) => {
      const verdict = await verify(given, stored)
      work.push(`${given} ${JSON.stringify(verdict)}`)
      return verdict
    }
    people = makePeople({ ...store, times, hasher })
    await withPassword()
    await withPassword({ name: 'Bob', role: 'viewer' })
    people.accounts.disable('bob', 'Ada')
    signIn({ name: 'Cleo', role: 'viewer' })
    const wrong = { code: 'sign-in-refused', message: 'there is nobody of this name with this password' }
    for (const name of ['ada', 'nobody', 'cleo']) await expect(byPassword('wrong', name)).rejects.toMatchObject(wrong)
    await expect(byPassword(password, 'bob')).rejects.toMatchObject(wrong)
    expect(work).toEqual(
      ['wrong', 'wrong', 'wrong', password].map((given) => `${given} {"isRight":false,"isOutdated":false}`),
    )
  })

  it('changed: the other sessions and unused links end, this one stays', async () => {
    const [here, there] = [await withPassword(), await byPassword()]
    const link = people.links.create({ name: 'ada' }, 'test')
    await people.passwords.change(who(there), { current: password, password: 'another four words', network })
    expect(people.sessions.identify(here.secret)).toBeUndefined()
    expect(people.sessions.identify(there.secret)).toBeDefined()
    expect(() => people.signInByLink(link.secret, network)).toThrow(refused('link-used'))
    await expect(byPassword()).rejects.toMatchObject({ code: 'sign-in-refused' })
    await byPassword('another four words')
  })

  it('need the present one, but for an hour after a link, and never change by a token', async () => {
    const opened = await withPassword()
    const next = { password: 'another four words', network }
    await people.passwords.change(who(opened), next)
    const other = await byPassword(next.password)
    await expect(people.passwords.change(who(other), { password, network })).rejects.toMatchObject({
      code: 'sign-in-refused',
    })
    const token = people.tokens.create({ name: 'ci', role: 'owner' }, who(other))
    await expect(
      people.passwords.change(people.tokens.identify(token.secret)!, { ...next, current: next.password }),
    ).rejects.toMatchObject({ code: 'forbidden' })
    await store.clock.advance(hour - minute)
    const byLink = signIn({ name: 'ada' })
    await store.clock.advance(30 * minute)
    who(byLink)
    await store.clock.advance(30 * minute)
    await expect(people.passwords.change(who(byLink), next)).rejects.toMatchObject({ code: 'sign-in-refused' })
    await expect(
      people.passwords.change(who(byLink), { password: 'short', current: next.password, network }),
    ).rejects.toMatchObject({ code: 'weak-password' })
  })

  it('hashed at an earlier cost are hashed anew at the next sign-in', async () => {
    await withPassword()
    people = makePeople({ ...store, times, hasher: new PasswordHasher({ cost: { ...cost, p: 2 } }) })
    const { account } = await byPassword()
    expect(people.accounts.passwordOf(account.id)).toContain('p=2')
    await byPassword()
  })

  it('guessed from elsewhere: slowed down and audited once, and the owner’s own browser is not', async () => {
    await withPassword()
    const { browser } = await byPassword()
    for (let i = 0; i < 60; i++)
      await people.passwords
        .signIn({ name: 'ada', password: 'guess', network: `network ${i}` })
        .catch((error: unknown) => expect(error).toMatchObject({ code: /sign-in-refused|rate-limited/ }))
    await expect(byPassword()).rejects.toMatchObject({ code: 'rate-limited', retryAfterMs: expect.any(Number) })
    expect((await byPassword(password, 'ada', browser)).account.name).toBe('Ada')
    expect(actions().filter((action) => action === 'server sign-in-slowed')).toHaveLength(1)
    // And a link is always a way in.
    expect(signIn({ name: 'ada' }).account.name).toBe('Ada')
  })
})

describe('API tokens', () => {
  it('last until they are revoked, over a restart, or until they expire', async () => {
    const by = who(signIn())
    const lasting = people.tokens.create({ name: 'ci', role: 'operator' }, by)
    const brief = people.tokens.create({ name: 'once', role: 'viewer', expiresAt: store.clock.now() + hour }, by)
    await store.reopen()
    people = makePeople({ ...store, times })
    expect(people.tokens.identify(brief.secret)).toMatchObject({ name: 'Ada (token once)', role: 'viewer' })
    await store.clock.advance(hour)
    expect(people.tokens.identify(brief.secret)).toBeUndefined()
    expect(people.tokens.list()).toMatchObject([{ name: 'ci', role: 'operator', owner: 'Ada', seenAt: null }])
    people.tokens.identify(lasting.secret)
    expect(people.tokens.list()).toMatchObject([{ seenAt: store.clock.now() }])
    const { id } = people.tokens.list()[0]!
    people.tokens.revoke(id, by)
    expect(people.tokens.identify(lasting.secret)).toBeUndefined()
    expect(() => people.tokens.revoke(id, by)).toThrow(refused('not-found'))
  })

  it('make no tokens, which would outlive them; the server’s own may', () => {
    const { secret } = people.tokens.create(
      { name: 'brief', role: 'operator', expiresAt: store.clock.now() + 1 },
      who(signIn()),
    )
    const by = (token: string) => people.tokens.identify(token)!
    const lasting = { name: 'lasting', role: 'viewer' } as const
    expect(() => people.tokens.create(lasting, by(secret))).toThrow(refused('forbidden'))
    const machine = people.tokens.replace({ name: 'robot', role: 'operator' })
    expect(() => people.tokens.create(lasting, by(machine.secret))).toThrow(refused('forbidden'))
    const local = people.tokens.replace({ name: 'local', role: 'owner' })
    expect(people.tokens.create(lasting, by(local.secret)).secret).toBeTruthy()
  })

  it('never may more than their maker, also one who was given a weaker role since', () => {
    const by = who(signIn({ name: 'Bob', role: 'operator' }))
    expect(() => people.tokens.create({ name: 'ci', role: 'owner' }, by)).toThrow(refused('forbidden'))
    const { secret } = people.tokens.create({ name: 'ci', role: 'operator' }, by)
    people.accounts.setRole('bob', 'viewer', 'Ada')
    expect(people.tokens.identify(secret)).toMatchObject({ role: 'viewer', accountId: by.accountId })
    people.accounts.disable('bob', 'Ada')
    people.accounts.enable('bob', 'Ada')
    expect(people.tokens.identify(secret)).toBeUndefined()
  })

  it('are revoked by their maker and by an owner only', () => {
    const [owner, bob, cleo] = [
      who(signIn()),
      who(signIn({ name: 'Bob', role: 'operator' })),
      who(signIn({ name: 'Cleo', role: 'operator' })),
    ]
    people.tokens.create({ name: 'one', role: 'viewer' }, bob)
    people.tokens.create({ name: 'two', role: 'viewer' }, bob)
    const [one, two] = people.tokens.list(bob.accountId!)
    expect(() => people.tokens.revoke(one!.id, cleo)).toThrow(refused('not-found'))
    people.tokens.revoke(one!.id, bob)
    people.tokens.revoke(two!.id, owner)
    expect(people.tokens.list()).toEqual([])
  })

  it('of a machine are not taken for a person', () => {
    store.db.run(
      query.insertInto('api_tokens').values({
        hash: 'f'.repeat(64),
        account_id: null,
        name: 'Ada',
        role: 'operator',
        created_at: 0,
        expires_at: null,
        seen_at: null,
      }),
    )
    const { secret } = people.tokens.replace({ name: 'Ada', role: 'operator' })
    expect(people.tokens.identify(secret)).toMatchObject({ name: 'token Ada', accountId: null })
  })
})

describe('accounts', () => {
  it('disabled: session, token and link end at once, and none comes back with the account', () => {
    const owner = signIn()
    const bob = signIn({ name: 'Bob', role: 'operator' })
    people.accounts.disable('bob', who(owner).name)
    expect(people.sessions.identify(bob.secret)).toBeUndefined()
    people.accounts.enable('bob', who(owner).name)
    expect(people.sessions.identify(bob.secret)).toBeUndefined()
  })

  it('a role counts from the next request', () => {
    signIn()
    const bob = signIn({ name: 'Bob', role: 'owner' })
    people.accounts.setRole('bob', 'viewer', 'Ada')
    expect(who(bob).role).toBe('viewer')
  })

  it('the last owner is neither disabled nor made less', () => {
    signIn()
    expect(() => people.accounts.disable('ada', 'Ada')).toThrow(refused('last-owner'))
    expect(() => people.accounts.setRole('ada', 'operator', 'Ada')).toThrow(refused('last-owner'))
    signIn({ name: 'Bob', role: 'owner' })
    const demoted: Account = people.accounts.setRole('ada', 'operator', 'Bob')
    expect(demoted.role).toBe('operator')
  })
})

it('everything about who may do what leaves an audit row, and no row holds a secret', async () => {
  const opened = await withPassword()
  const by = who(opened)
  const link = people.links.create({ name: 'Bob', role: 'viewer' }, by.name)
  const token = people.tokens.create({ name: 'ci', role: 'viewer' }, by)
  const known = await byPassword()
  people.tokens.revoke(people.tokens.list()[0]!.id, by)
  people.accounts.setRole('bob', 'auditor', by.name)
  people.accounts.disable('bob', by.name)
  people.accounts.enable('bob', by.name)
  people.sessions.endAll(by.accountId!, by.name)
  expect(actions().reverse()).toEqual([
    'test account-created',
    'test link-created',
    'Ada signed-in',
    'Ada password-set',
    'Ada account-created',
    'Ada link-created',
    'Ada token-created',
    'Ada signed-in',
    'Ada token-revoked',
    'Ada role-changed',
    'Ada account-disabled',
    'Ada account-enabled',
    'Ada sessions-ended',
  ])
  const rows = JSON.stringify([
    ...store.audit.entries({ limit: 500 }),
    ...(['accounts', 'links', 'sessions', 'api_tokens', 'known_browsers'] as const).flatMap((table) =>
      store.db.all(query.selectFrom(table).selectAll()),
    ),
  ])
  for (const secret of [opened.secret, link.secret, token.secret, known.secret, known.browser, password])
    expect(rows).not.toContain(secret)
  expect(await store.audit.verify()).toMatchObject({ ok: true })
})

it('the local token is a new one at each start, for this user only', async () => {
  await writeLocalToken(store.dataDir, people.tokens)
  const first = (await readFile(store.dataDir.adminTokenFile, 'utf8')).trim()
  await writeLocalToken(store.dataDir, people.tokens)
  const second = (await readFile(store.dataDir.adminTokenFile, 'utf8')).trim()
  expect((await stat(store.dataDir.adminTokenFile)).mode & 0o777).toBe(0o600)
  expect(people.tokens.identify(first)).toBeUndefined()
  expect(people.tokens.identify(second)).toMatchObject({ name: 'local', role: 'owner', kind: 'token', accountId: null })
})

it('a role may do what the roles before it may', () => {
  const allowed = roles.map((role) => roles.filter((needed) => roleAllows(role, needed)))
  expect(allowed).toEqual([
    ['viewer'],
    ['viewer', 'auditor'],
    ['viewer', 'auditor', 'operator'],
    ['viewer', 'auditor', 'operator', 'owner'],
  ])
})
