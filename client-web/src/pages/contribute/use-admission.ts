import type { TaskCard } from '@panal/client-core'
import { useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { useLocation, useNavigate } from 'react-router'
import { serverKeyIdsQuery } from '../../api/queries.ts'
import { useServerNow } from '../../components/use-server-now.ts'
import { admissionOf, type Admission } from '../../data/admission.ts'
import { invitationFromHash } from '../../data/invitation.ts'
import { admissionQuery, useKeepInvitation } from '../../data/own-data.ts'
import { useContribution } from '../../device/contribution.tsx'

/** Takes an invitation out of the address, keeps it for the session that Start begins, and says how things stand. */
export function useAdmission(card: TaskCard): Admission {
  const { view } = useContribution()
  const isAsked = card.enrolment === 'invitation'
  const { data: kept } = useQuery({ ...admissionQuery(card.id, view.phase), enabled: isAsked })
  const hasInvitation = kept !== undefined && kept.invitation !== null
  const { data: keyIds } = useQuery({ ...serverKeyIdsQuery, enabled: isAsked && hasInvitation })
  const now = useServerNow(10_000)
  useTakenFromAddress(card.id, isAsked)
  const refusal = refusalIn(view.taskId === card.id ? view.session : null)
  return admissionOf({ card, kept, keyIds, now, refusal })
}

function useTakenFromAddress(taskId: string, isAsked: boolean): void {
  const { hash, pathname, search } = useLocation()
  const navigate = useNavigate()
  const { mutate: keep } = useKeepInvitation(taskId)
  useEffect(() => {
    const found = invitationFromHash(hash)
    if (found === null) return
    // At once: what lets somebody in has no business in the address bar, the history or a screenshot.
    void navigate({ pathname, search }, { replace: true })
    if (isAsked) keep(found)
  }, [hash, pathname, search, navigate, keep, isAsked])
}

type Session = ReturnType<typeof useContribution>['view']['session']

const refusalIn = (session: Session): string | null =>
  session?.state === 'left' && session.code === 'invalid-invitation'
    ? (session.detail ?? 'the server refused this invitation')
    : null
