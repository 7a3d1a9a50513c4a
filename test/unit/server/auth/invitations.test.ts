import { beforeEach, describe, expect, it } from '@jest/globals'
import { errorCodes } from '@panal/client-core'
import { Invitations, maxInvitationMs } from '../../../../server/src/auth/invitations.ts'
import { ServerKeys } from '../../../../server/src/keys/server-keys.ts'
import { useTempStore } from '../../../fixtures/temp-store.ts'

const store = useTempStore()
const [first, second] = [`d_${'A'.repeat(22)}`, `d_${'B'.repeat(22)}`] as const
const refused = expect.objectContaining({ code: 'invalid-invitation' })

let keys: ServerKeys
let invitations: Invitations
beforeEach(async () => {
  keys = await ServerKeys.load(store)
  invitations = new Invitations({ ...store, keys })
})
const issue = async (forMs?: number) =>
  (await invitations.issue('digits', { actor: 'ada', ...(forMs === undefined ? {} : { forMs }) })).invitation
const read = (invitation: string) => invitations.read(invitation, 'digits')

describe('Invitations', () => {
  it('[F39] an invitation is over after the time it was given for, and after fifteen minutes at the latest', async () => {
    const [brief, long] = [await issue(60_000), await issue(24 * 60 * maxInvitationMs)]
    await store.clock.advance(59_000)
    expect((await read(brief)).id).not.toBe((await read(long)).id)
    await store.clock.advance(1_000)
    await expect(read(brief)).rejects.toEqual(refused)
    await expect(read(brief)).rejects.toThrow('is over')
    await store.clock.advance(maxInvitationMs - 61_000)
    await expect(read(long)).resolves.toMatchObject({ expiresAt: 1_000_000 + maxInvitationMs })
    await store.clock.advance(1_000)
    await expect(read(long)).rejects.toEqual(refused)
  })

  it('[F40] an invitation lets in the first device that uses it, again and again, and no other; also after a restart', async () => {
    const invited = await read(await issue())
    const use = (deviceId: string) => new Invitations({ ...store, keys }).use(invited, deviceId)
    use(first)
    use(first)
    expect(() => use(second)).toThrow(refused)
    await store.reopen()
    expect(() => use(second)).toThrow(refused)
    use(first)
  })

  it('[F40] is not forgotten to be used before it is over', async () => {
    invitations.use(await read(await issue()), first)
    await store.clock.advance(maxInvitationMs)
    expect(invitations.sweep()).toBe(0)
    await store.clock.advance(1)
    expect(invitations.sweep()).toBe(1)
  })

  it('[F39] one of before a rotation of the keys is still good, one of another server never was', async () => {
    const invitation = await issue()
    await keys.rotate()
    await expect(read(invitation)).resolves.toMatchObject({ expiresAt: 1_000_000 + maxInvitationMs })
    const strangers = { publicKey: () => undefined, id: keys.id, privateKey: keys.privateKey }
    await expect(new Invitations({ ...store, keys: strangers }).read(invitation, 'digits')).rejects.toEqual(refused)
    await expect(invitations.read(invitation, 'credit')).rejects.toThrow('for another task')
    const forged = invitation.replace(/[^.]*$/, (signature) => signature.replace(/^./, (c) => (c === 'A' ? 'B' : 'A')))
    await expect(invitations.read(forged, 'credit')).rejects.toThrow(errorCodes['invalid-invitation'].meaning)
  })

  it('says in the audit trail who gave one, without the secret', async () => {
    const invitation = await issue()
    expect(store.audit.entries()).toMatchObject([
      { actor: 'ada', action: 'device-invited', detail: { taskId: 'digits', invitation: (await read(invitation)).id } },
    ])
    expect(JSON.stringify(store.audit.entries())).not.toContain(invitation)
  })
})
