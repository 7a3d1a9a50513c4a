import type { EpochMs } from '@panal/client-core'
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { getJson, sendJson } from './http.ts'
import { refreshTask } from './queries.ts'

export const roleNames = ['viewer', 'auditor', 'operator', 'owner'] as const
export type RoleName = (typeof roleNames)[number]

/** One's own account. */
export interface AccountView {
  readonly name: string
  readonly role: RoleName
  readonly hasPassword: boolean
  readonly issuer: string | null
}

/** Somebody's account, as an owner sees it. */
export interface PersonView extends AccountView {
  readonly disabledAt: EpochMs | null
  readonly signedInAt: EpochMs | null
}

export interface OpenSessionView {
  readonly id: string
  readonly isThis: boolean
  readonly method: 'link' | 'password' | 'oidc'
  readonly network: string
  readonly createdAt: EpochMs
  readonly seenAt: EpochMs
}

export interface TokenView {
  readonly id: string
  readonly name: string
  readonly role: RoleName
  readonly owner: string | null
  readonly expiresAt: EpochMs | null
  readonly seenAt: EpochMs | null
}

/** A move of the champion that waits for a second person, or did. */
export interface MoveRequestView {
  readonly id: number
  readonly move: 'promote' | 'roll-back'
  readonly version: number
  readonly reason: string
  readonly askedBy: string
  readonly askedAt: EpochMs
  readonly againstGate: boolean
  readonly state: 'waiting' | 'approved' | 'refused' | 'expired' | 'overtaken' | 'lapsed'
}

export const signInQuery = queryOptions({
  queryKey: ['sign-in'],
  queryFn: ({ signal }) => getJson<{ oidc: { provider: string } | null }>('/v1/sign-in', signal),
})
export const accountQuery = queryOptions({
  queryKey: ['account'],
  queryFn: ({ signal }) => getJson<AccountView>('/v1/account', signal),
})
export const openSessionsQuery = queryOptions({
  queryKey: ['own-sessions'],
  queryFn: ({ signal }) =>
    getJson<{ sessions: OpenSessionView[] }>('/v1/account/sessions', signal).then(({ sessions }) => sessions),
})
export const tokensQuery = queryOptions({
  queryKey: ['tokens'],
  queryFn: ({ signal }) => getJson<{ tokens: TokenView[] }>('/v1/tokens', signal).then(({ tokens }) => tokens),
})
export const peopleQuery = queryOptions({
  queryKey: ['people'],
  queryFn: ({ signal }) => getJson<{ people: PersonView[] }>('/v1/people', signal).then(({ people }) => people),
})
export const moveRequestsQuery = (taskId: string) =>
  queryOptions({
    queryKey: ['requests', taskId],
    queryFn: ({ signal }) =>
      getJson<{ requests: MoveRequestView[] }>(`/v1/tasks/${encodeURIComponent(taskId)}/requests`, signal).then(
        ({ requests }) => requests,
      ),
  })

/** One change to people, sessions or tokens; everything that shows them is asked again. */
function useChange<Change, Answer>(send: (change: Change) => Promise<Answer>) {
  const client = useQueryClient()
  return useMutation({ mutationFn: send, onSuccess: () => client.invalidateQueries() })
}

const personPath = (name: string) => `/v1/people/${encodeURIComponent(name)}`

export const useSignInByPassword = () =>
  useChange((given: { name: string; password: string }) => sendJson('POST', '/v1/session', given))
export const useSetPassword = () =>
  useChange((change: { password: string; current?: string }) => sendJson('PUT', '/v1/account/password', change))
export const useEndSession = () => useChange((id: string) => sendJson('DELETE', `/v1/account/sessions/${id}`))
export const useEndAllSessions = () => useChange(() => sendJson('DELETE', '/v1/account/sessions'))
export const useCreateToken = () =>
  useChange((grant: { name: string; role: RoleName; expiresAt?: EpochMs }) =>
    sendJson<{ token: string }>('POST', '/v1/tokens', grant),
  )
export const useRevokeToken = () => useChange((id: string) => sendJson('DELETE', `/v1/tokens/${id}`))
export const useAddPerson = () =>
  useChange((grant: { name: string; role: RoleName }) => sendJson<{ link: string }>('POST', '/v1/people', grant))
export const useNewLink = () => useChange((name: string) => sendJson<{ link: string }>('POST', '/v1/links', { name }))
export const useSetRole = () =>
  useChange(({ name, role }: { name: string; role: RoleName }) =>
    sendJson('POST', `${personPath(name)}/role`, { role }),
  )
export const useSetDisabled = () =>
  useChange(({ name, disabled }: { name: string; disabled: boolean }) =>
    sendJson('POST', `${personPath(name)}/${disabled ? 'disable' : 'enable'}`),
  )

export function useDecide(taskId: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ id, verb }: { id: number; verb: 'approve' | 'refuse' }) =>
      sendJson('POST', `/v1/tasks/${encodeURIComponent(taskId)}/requests/${id}/${verb}`),
    onSettled: () => refreshTask(client, taskId),
  })
}
