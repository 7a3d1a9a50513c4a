import { describe, expect, it } from '@jest/globals'
import { deriveByScrypt, PasswordHasher, type Derive } from '../../../../server/src/auth/password-hasher.ts'

const quick = { ln: 4, r: 8, p: 1 }

/** Hashings that end when they are told to. */
function gate() {
  const open: (() => void)[] = []
  const derive: Derive = async (...job) => {
    await new Promise<void>((resolve) => open.push(resolve))
    return deriveByScrypt(...job)
  }
  return { open, derive }
}
const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('a password’s hash', () => {
  it('is that of RFC 7914’s own example', async () => {
    // RFC 7914 §12: scrypt("pleaseletmein", "SodiumChloride", N=16384, r=8, p=1), first 32 of 64 bytes.
    const key = await deriveByScrypt('pleaseletmein', Buffer.from('SodiumChloride'), { ln: 14, r: 8, p: 1 })
    expect(key.toString('hex')).toBe('7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2')
  })

  it('carries its cost and a salt of its own, and knows its password only', async () => {
    const hasher = new PasswordHasher({ cost: quick })
    const [a, b] = [await hasher.hash('correct horse'), await hasher.hash('correct horse')]
    expect(a).toMatch(/^\$scrypt\$ln=4,r=8,p=1\$[\w+/]{22}\$[\w+/]{43}$/)
    expect(a).not.toBe(b)
    expect(await hasher.verify('correct horse', a)).toEqual({ isRight: true, isOutdated: false })
    expect(await hasher.verify('correct horsf', a)).toMatchObject({ isRight: false })
  })

  it('made at an earlier cost still opens, and says that it is outdated', async () => {
    const old = await new PasswordHasher({ cost: quick }).hash('correct horse')
    const hasher = new PasswordHasher({ cost: { ...quick, p: 2 } })
    expect(await hasher.verify('correct horse', old)).toEqual({ isRight: true, isOutdated: true })
  })

  it('that is none opens nothing, at the same cost', async () => {
    const costs: unknown[] = []
    const derive: Derive = (password, salt, cost) => (costs.push(cost), deriveByScrypt(password, salt, cost))
    const hasher = new PasswordHasher({ cost: quick, derive })
    expect(await hasher.verify('', null)).toMatchObject({ isRight: false })
    await hasher.verify('x', await hasher.hash('y'))
    expect(costs).toEqual([quick, quick, quick])
  })
})

it('two are made at a time, some wait, and the rest are told to come back', async () => {
  const { open, derive } = gate()
  const hasher = new PasswordHasher({ cost: quick, derive, maxAtOnce: 2, maxWaiting: 1 })
  const all = [1, 2, 3].map((n) => hasher.hash(`password ${n}`))
  await expect(hasher.hash('one too many')).rejects.toMatchObject({ code: 'busy', retryAfterMs: expect.any(Number) })
  expect(open).toHaveLength(2)
  open[0]!()
  await all[0]
  await turn()
  expect(open).toHaveLength(3)
  open.slice(1).forEach((resolve) => resolve())
  await Promise.all(all)
  // All places are free again.
  const [again, last] = [hasher.hash('again'), hasher.hash('last')]
  await turn()
  expect(open).toHaveLength(5)
  open.slice(3).forEach((resolve) => resolve())
  await Promise.all([again, last])
})
