import type { EpochMs } from '@panal/client-core'
import { base64urlnopad } from '@scure/base'

/** What an invitation link carries behind its `#`: fragments stay in the browser, for they are not sent with requests. */
export interface Invitation {
  readonly invitation: string
  /** Thumbprint of the key that the inviting server signs with, if the link says. */
  readonly key: string | null
}

export function invitationFromHash(hash: string): Invitation | null {
  const fields = new URLSearchParams(hash.replace(/^#/, ''))
  const invitation = fields.get('invitation')
  return invitation === null ? null : { invitation, key: fields.get('key') }
}

/** The link by which whoever opens it lets one browser into a task. */
export const invitationLink = (origin: string, taskId: string, { invitation, key }: Invitation): string =>
  `${origin}/contribute/${encodeURIComponent(taskId)}#${new URLSearchParams({ invitation, ...(key !== null && { key }) }).toString()}`

/** What an invitation says of itself. Only the server can tell whether that is signed, and whether it was used. */
interface Claims {
  readonly keyId: string
  readonly taskId: string
  readonly expiresAt: EpochMs
}

/** Whether an invitation may be of use, as far as a page can tell, and if not, what to say. */
export type Judgement =
  { readonly ok: true; readonly expiresAt: EpochMs } | { readonly ok: false; readonly reason: string }

const refused = (reason: string): Judgement => ({ ok: false, reason })

/** A first look, so that nobody draws forty digits for a link that is over. `keyIds`: the server's keys, old and new. */
export function judgeInvitation(
  { invitation, key }: Invitation,
  here: { readonly taskId: string; readonly keyIds: readonly string[]; readonly now: EpochMs },
): Judgement {
  const claims = claimsOf(invitation)
  if (claims === undefined) return refused('the link is damaged or was cut short')
  if (!here.keyIds.includes(claims.keyId) || (key !== null && !here.keyIds.includes(key)))
    return refused('this invitation was made by another server')
  if (claims.taskId !== here.taskId) return refused('this invitation is for another task')
  if (claims.expiresAt <= here.now) return refused('this invitation is over: it was good for minutes')
  return { ok: true, expiresAt: claims.expiresAt }
}

function claimsOf(invitation: string): Claims | undefined {
  try {
    const [header, claims] = invitation
      .split('.')
      .slice(0, 2)
      .map((part) => JSON.parse(new TextDecoder().decode(base64urlnopad.decode(part))) as Record<string, unknown>)
    const [keyId, taskId, exp] = [header?.['kid'], claims?.['aud'], claims?.['exp']]
    if (typeof keyId !== 'string' || typeof taskId !== 'string' || typeof exp !== 'number') return undefined
    return { keyId, taskId, expiresAt: exp * 1000 }
  } catch {
    return undefined
  }
}
