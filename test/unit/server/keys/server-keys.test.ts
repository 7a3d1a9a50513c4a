import { createPublicKey, verify } from 'node:crypto'
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { isSignedBy, ServerKeySet, type Ed25519Jwk, type ServerKey, type VerifyEd25519 } from '@panal/client-core'
import { Value } from 'typebox/value'
import { ServerKeys } from '../../../../server/src/keys/server-keys.ts'
import { useTempStore } from '../../../fixtures/temp-store.ts'

const store = useTempStore()
const load = () => ServerKeys.load(store)
const byNode: VerifyEd25519 = async (key, signature, bytes) =>
  verify(null, bytes, createPublicKey({ key, format: 'jwk' }), signature)
const jwkOf = ({ kty, crv, x }: ServerKey): Ed25519Jwk => ({ kty, crv, x })
const fileOf = (kid: string) => join(store.dataDir.keys, `${kid}.json`)

let keys: ServerKeys
beforeEach(async () => {
  keys = await load()
})

describe('the keys of a server', () => {
  it('are made once, at the first start, for this user only', async () => {
    const [key] = keys.publicSet.keys
    expect((await load()).id).toBe(keys.id)
    expect(await readdir(store.dataDir.keys)).toEqual([`${keys.id}.json`])
    expect((await stat(fileOf(keys.id))).mode & 0o777).toBe(0o600)
    expect((await stat(store.dataDir.keys)).mode & 0o777).toBe(0o700)
    expect(key?.kid).toBe(keys.id)
  })

  it('show nothing private', async () => {
    await keys.rotate()
    const text = JSON.stringify(keys.publicSet)
    const { d } = JSON.parse(await readFile(fileOf(keys.id), 'utf8')) as { d: string }
    expect(d).toHaveLength(43)
    expect(text).not.toContain(d)
    expect(text).not.toContain('"d"')
    expect(Value.Check(ServerKeySet, JSON.parse(text))).toBe(true)
  })

  it('sign what others can check, and nothing else passes', async () => {
    const [key] = keys.publicSet.keys
    const signed = keys.sign({ statement: 'test', at: 5, name: 'ñ' })
    expect(await isSignedBy(jwkOf(key!), signed, byNode)).toBe(true)
    expect(await isSignedBy(jwkOf(key!), { ...signed, at: 6 } as unknown as typeof signed, byNode)).toBe(false)
    expect(await isSignedBy(jwkOf(key!), { ...signed, statement: 'other' }, byNode)).toBe(false)
    expect(await isSignedBy(jwkOf(key!), { ...signed, more: 1 } as typeof signed, byNode)).toBe(false)
    expect(keys.sign({ name: 'ñ', statement: 'test', at: 5 })).toEqual(signed)
  })

  it('when rotated: the new one signs, the old one vouches for it and stays listed as retired', async () => {
    const [old] = keys.publicSet.keys
    const before = keys.sign({ statement: 'test' })
    await store.clock.advance(1000)
    const made = await keys.rotate()
    const [key, retired] = keys.publicSet.keys
    expect(key).toEqual(made)
    expect(retired).toEqual({ ...old, retiredAt: 1_001_000 })
    expect(key).not.toHaveProperty('retiredAt')
    const after = keys.sign({ statement: 'test' })
    expect(after.keyId).toBe(key?.kid)
    expect(await isSignedBy(jwkOf(key!), after, byNode)).toBe(true)
    expect(await isSignedBy(jwkOf(key!), before, byNode)).toBe(false)
    expect(await isSignedBy(jwkOf(retired!), before, byNode)).toBe(true)
    const { endorsement } = key!
    expect(endorsement).toMatchObject({ keyId: old?.kid, kid: key?.kid, jwk: jwkOf(key!) })
    expect(await isSignedBy(jwkOf(old!), endorsement!, byNode)).toBe(true)
  })

  it('keep of a retired key the public half only, over a restart', async () => {
    const first = keys.id
    await keys.rotate()
    await keys.rotate()
    expect(JSON.parse(await readFile(fileOf(first), 'utf8'))).not.toHaveProperty('d')
    const again = await load()
    expect(again.publicSet).toEqual(keys.publicSet)
    expect(again.id).toBe(keys.id)
  })

  it('rotated twice at once make two keys, one after the other', async () => {
    const [a, b] = await Promise.all([keys.rotate(), keys.rotate()])
    expect(b.endorsement?.keyId).toBe(a.kid)
    expect(keys.publicSet.keys).toHaveLength(3)
  })

  it('after a crash between the new key and the end of the old one: the new one signs', async () => {
    const first = keys.id
    const whole = await readFile(fileOf(first), 'utf8')
    const made = await keys.rotate()
    await writeFile(fileOf(first), whole)
    const again = await load()
    expect(again.id).toBe(made.kid)
    expect(again.publicSet.keys[1]).toMatchObject({ kid: first, retiredAt: made.createdAt })
  })

  it.each([
    ['cut short', (file: string) => writeFile(file, '{"number":1')],
    [
      'of another key',
      (file: string) => writeFile(file, JSON.stringify({ number: 1, public: keys.publicSet.keys[0] })),
    ],
    ['gone, with a newer one left', (file: string) => rm(file)],
  ])('that are damaged stop the start: a file %s', async (_, damage) => {
    const first = keys.id
    await keys.rotate()
    await damage(fileOf(first))
    await expect(load()).rejects.toMatchObject({ name: 'StartupError', code: 'keys-unreadable' })
  })
})
