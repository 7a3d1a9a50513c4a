import { enrolmentKey } from '@panal/client-core'
import type { KeptAdmission } from '../data/admission.ts'
import type { Invitation } from '../data/invitation.ts'
import { browserStorage } from './storage.ts'

/** Out of the address bar, and safe from a reload: an invitation is kept until it has let this browser in. */
const keyOf = (taskId: string) => `invitation/${taskId}`

export const keepInvitation = (taskId: string, invitation: Invitation): Promise<void> =>
  browserStorage.write(keyOf(taskId), new TextEncoder().encode(JSON.stringify(invitation)))

export async function keptInvitation(taskId: string): Promise<Invitation | null> {
  const bytes = await browserStorage.read(keyOf(taskId))
  return bytes === undefined ? null : (JSON.parse(new TextDecoder().decode(bytes)) as Invitation)
}

export const forgetInvitation = (taskId: string): Promise<void> => browserStorage.remove(keyOf(taskId))

export const keptAdmission = async (taskId: string): Promise<KeptAdmission> => ({
  invitation: await keptInvitation(taskId),
  isEnrolled: (await browserStorage.read(enrolmentKey(taskId))) !== undefined,
})
