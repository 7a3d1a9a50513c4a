import { readFile, stat } from 'node:fs/promises'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { Credentials } from '../../../../server/src/auth/credentials.ts'
import { writeLocalToken } from '../../../../server/src/auth/local-token.ts'
import { roleAllows, roles } from '../../../../server/src/auth/role.ts'
import { query } from '../../../../server/src/store/sync-query.ts'
import { useTempStore } from '../../../fixtures/temp-store.ts'

const store = useTempStore()
let credentials: Credentials
beforeEach(() => {
  credentials = new Credentials(store)
})

const hour = 3_600_000
const ada = { name: 'ada', role: 'owner' } as const
const refused = (code: string) => expect.objectContaining({ code }) as unknown as Error

describe('one-time links', () => {
  it('give one session, once', () => {
    const { secret } = credentials.createLink(ada, 'server')
    expect(credentials.hasBeenUsed()).toBe(false)
    const session = credentials.useLink(secret)
    expect(session).toMatchObject(ada)
    expect(credentials.identify(session.secret)).toEqual({ ...ada, kind: 'session' })
    expect(() => credentials.useLink(secret)).toThrow(refused('link-used'))
    expect(credentials.hasBeenUsed()).toBe(true)
  })

  it('are good for less than 24 hours', async () => {
    const [a, b] = [credentials.createLink(ada, 'server'), credentials.createLink(ada, 'server')]
    await store.clock.advance(24 * hour - 1)
    expect(credentials.useLink(a.secret)).toMatchObject(ada)
    await store.clock.advance(1)
    expect(() => credentials.useLink(b.secret)).toThrow(refused('link-used'))
  })

  it('are no session, and a session is no link', () => {
    const link = credentials.createLink(ada, 'server')
    expect(credentials.identify(link.secret)).toBeUndefined()
    const session = credentials.useLink(link.secret)
    expect(() => credentials.useLink(session.secret)).toThrow(refused('link-used'))
    expect(() => credentials.useLink('guess')).toThrow(refused('link-used'))
  })
})

describe('sessions', () => {
  it('end after 12 hours', async () => {
    const { secret, expiresAt } = credentials.useLink(credentials.createLink(ada, 'server').secret)
    expect(expiresAt).toBe(store.clock.now() + 12 * hour)
    await store.clock.advance(12 * hour - 1)
    expect(credentials.identify(secret)).toBeDefined()
    await store.clock.advance(1)
    expect(credentials.identify(secret)).toBeUndefined()
  })

  it('end when their owner signs out', () => {
    const { secret } = credentials.useLink(credentials.createLink(ada, 'server').secret)
    credentials.end(secret)
    credentials.end(secret)
    expect(credentials.identify(secret)).toBeUndefined()
  })
})

describe('API tokens', () => {
  it('last until they are revoked, over a restart, or until they expire', async () => {
    const lasting = credentials.createToken({ name: 'ci', role: 'operator' }, 'ada')
    const brief = credentials.createToken({ name: 'once', role: 'viewer', expiresAt: store.clock.now() + hour }, 'ada')
    await store.reopen()
    credentials = new Credentials(store)
    expect(credentials.identify(brief.secret)).toEqual({ name: 'once', role: 'viewer', kind: 'token' })
    await store.clock.advance(hour)
    expect(credentials.identify(brief.secret)).toBeUndefined()
    const [listed] = credentials.list()
    expect(listed).toMatchObject({ name: 'ci', kind: 'token', role: 'operator', expiresAt: null })
    expect(credentials.list()).toHaveLength(1)
    credentials.revoke(listed!.id, 'ada')
    expect(credentials.identify(lasting.secret)).toBeUndefined()
    expect(() => credentials.revoke(listed!.id, 'ada')).toThrow(refused('not-found'))
  })

  it('leave their hash on disk and nothing else', () => {
    const { secret } = credentials.createToken(ada, 'ada')
    const rows = JSON.stringify(store.db.all(query.selectFrom('credentials').selectAll()))
    expect(rows).toContain('"name":"ada"')
    expect(rows).not.toContain(secret)
    // The hash itself opens nothing.
    expect(credentials.identify(credentials.list()[0]!.id)).toBeUndefined()
  })

  it('are audited like everything about who may do what', () => {
    const { secret } = credentials.createLink(ada, 'server')
    credentials.useLink(secret)
    credentials.createToken({ name: 'ci', role: 'viewer' }, 'ada')
    credentials.revoke(credentials.list().find(({ name }) => name === 'ci')!.id, 'ada')
    expect(store.audit.entries().map(({ actor, action }) => `${actor} ${action}`)).toEqual([
      'ada credential-revoked',
      'ada token-created',
      'ada signed-in',
      'server link-created',
    ])
  })
})

it('the sweep forgets what expired and keeps that a link was used', async () => {
  const used = credentials.createLink(ada, 'server')
  credentials.createLink(ada, 'server')
  credentials.useLink(used.secret)
  credentials.createToken(ada, 'ada')
  await store.clock.advance(24 * hour)
  // The unused link and the session.
  expect(credentials.sweep()).toBe(2)
  expect(credentials.hasBeenUsed()).toBe(true)
  expect(credentials.list().map(({ kind }) => kind)).toEqual(['token'])
})

it('the local token is a new one at each start, for this user only', async () => {
  await writeLocalToken(store.dataDir, credentials)
  const first = (await readFile(store.dataDir.adminTokenFile, 'utf8')).trim()
  await writeLocalToken(store.dataDir, credentials)
  const second = (await readFile(store.dataDir.adminTokenFile, 'utf8')).trim()
  expect((await stat(store.dataDir.adminTokenFile)).mode & 0o777).toBe(0o600)
  expect(credentials.identify(first)).toBeUndefined()
  expect(credentials.identify(second)).toEqual({ name: 'local', role: 'owner', kind: 'token' })
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
