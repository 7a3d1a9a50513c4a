import { describe, expect, it } from '@jest/globals'
import { invitationFromHash, invitationLink, judgeInvitation } from '../../../../client-web/src/data/invitation.ts'

const coded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
const token = (changes: { kid?: unknown; aud?: unknown; exp?: unknown } = {}) => {
  const { kid = 'old', aud = 'digits', exp = 1000 } = changes
  return `${coded({ alg: 'EdDSA', kid })}.${coded({ aud, exp })}.c2ln`
}
const here = { taskId: 'digits', keyIds: ['new', 'old'], now: 999_999 }
const judge = (invitation: string, key: string | null = 'old', now = here.now) =>
  judgeInvitation({ invitation, key }, { ...here, now })

describe('an invitation link', () => {
  it('is read as it is written, and says nothing to the server: all of it is in the fragment', () => {
    const link = new URL(invitationLink('https://panal.example', 'digits', { invitation: token(), key: 'a&b=c' }))
    expect(link.pathname + link.search).toBe('/contribute/digits')
    expect(invitationFromHash(link.hash)).toEqual({ invitation: token(), key: 'a&b=c' })
    const bare = new URL(invitationLink('https://panal.example', 'digits', { invitation: token(), key: null }))
    expect(invitationFromHash(bare.hash)).toEqual({ invitation: token(), key: null })
  })

  it('is none without an invitation in it', () => {
    for (const hash of ['', '#', '#link=x', '#invited=x']) expect(invitationFromHash(hash)).toBeNull()
  })
})

describe('judgeInvitation', () => {
  it('takes one of this server’s keys, new or old, for this task, until it is over by the server’s time', () => {
    expect(judge(token())).toEqual({ ok: true, expiresAt: 1_000_000 })
    expect(judge(token({ kid: 'new' }), null)).toMatchObject({ ok: true })
    expect(judge(token(), 'old', 1_000_000)).toMatchObject({ ok: false, reason: expect.stringContaining('over') })
  })

  it('says what is wrong with any other', () => {
    const reasonOf = (...of: Parameters<typeof judge>) => {
      const judged = judge(...of)
      return judged.ok ? 'none' : judged.reason
    }
    expect(reasonOf(token({ kid: 'stranger' }))).toContain('another server')
    expect(reasonOf(token(), 'stranger')).toContain('another server')
    expect(reasonOf(token({ aud: 'credit' }))).toContain('another task')
    for (const damaged of [
      '',
      'x',
      'a.b.c',
      token().slice(0, 40),
      token({ exp: '9' }),
      token({ kid: 5 }),
      'bnVsbA.bnVsbA.x',
    ])
      expect(reasonOf(damaged)).toContain('damaged')
  })
})
