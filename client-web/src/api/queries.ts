import type {
  DeviceId,
  EpochMs,
  Pointers,
  RoundSummary,
  SamplePage,
  SampleQuery,
  ServerKeySet,
} from '@panal/client-core'
import {
  infiniteQueryOptions,
  QueryClient,
  queryOptions,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query'
import { getJson, isUnreachable, sendJson } from './http.ts'
import type {
  InspectionView,
  JudgedVersion,
  JudgementsView,
  PointerMove,
  ReportView,
  SessionView,
  TaskView,
  VersionView,
} from './types.ts'

/** Pages live on pushed events; these polls only cover the events that an outage swallowed. */
const pollMs = 10_000
const reconnectMs = 2_000
/** While somebody waits for a judgement. */
const judgingMs = 500

export const makeQueryClient = (): QueryClient =>
  new QueryClient({
    defaultOptions: {
      queries: {
        retry: false,
        staleTime: 1_000,
        refetchInterval: (query) => (isUnreachable(query.state.error) ? reconnectMs : pollMs),
      },
    },
  })

const taskPath = (taskId: string) => `/v1/tasks/${encodeURIComponent(taskId)}`

export const tasksQuery = queryOptions({
  queryKey: ['tasks'],
  queryFn: ({ signal }) => getJson<{ tasks: TaskView[] }>('/v1/tasks', signal).then(({ tasks }) => tasks),
})

export const taskQuery = (taskId: string) =>
  queryOptions({
    queryKey: ['task', taskId],
    queryFn: ({ signal }) => getJson<TaskView>(taskPath(taskId), signal),
  })

export const roundsQuery = (taskId: string, limit = 100) =>
  queryOptions({
    queryKey: ['rounds', taskId, limit],
    queryFn: ({ signal }) =>
      getJson<{ rounds: RoundSummary[] }>(`${taskPath(taskId)}/rounds?limit=${limit}`, signal).then(
        ({ rounds }) => rounds,
      ),
  })

/** What each device sent in a round: for operators. */
export const inspectionQuery = (taskId: string, roundNumber: number) =>
  queryOptions({
    queryKey: ['inspection', taskId, roundNumber],
    queryFn: ({ signal }) => getJson<InspectionView>(`${taskPath(taskId)}/rounds/${roundNumber}/inspection`, signal),
  })

/** Puts a device in quarantine, or releases it. */
export function useQuarantine() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ deviceId, verb, reason }: { readonly reason: string } & QuarantineMove) =>
      sendJson<unknown>('POST', `/v1/devices/${encodeURIComponent(deviceId)}/${verb}`, { reason }),
    onSettled: () => client.invalidateQueries({ queryKey: ['inspection'] }),
  })
}

export interface QuarantineMove {
  readonly deviceId: DeviceId
  readonly verb: 'quarantine' | 'release'
}

export const versionsQuery = (taskId: string, limit = 50) =>
  queryOptions({
    queryKey: ['versions', taskId, limit],
    queryFn: ({ signal }) =>
      getJson<{ versions: VersionView[] }>(`${taskPath(taskId)}/versions?limit=${limit}`, signal).then(
        ({ versions }) => versions,
      ),
  })

/** What does not change while somebody reads it: asked once, and again only while no server answers. */
const untilAnswered = ({ state }: { readonly state: { readonly error: Error | null } }) =>
  isUnreachable(state.error) ? reconnectMs : false

export const versionPath = (taskId: string, version: number) => `${taskPath(taskId)}/versions/${version}`

export const versionQuery = (taskId: string, version: number) =>
  queryOptions({
    queryKey: ['version', taskId, version],
    queryFn: ({ signal }) => getJson<VersionView>(versionPath(taskId, version), signal),
    refetchInterval: untilAnswered,
  })

/** Where the server has one of a version's reports, as JSON or as a page. */
export const reportPath = ({ taskId, version, judgement }: JudgedVersion, kind: 'report.json' | 'report.html') =>
  `${versionPath(taskId, version)}/${kind}${judgement === undefined ? '' : `?judgement=${judgement}`}`

export const reportQuery = (judged: JudgedVersion) =>
  queryOptions({
    queryKey: ['report', judged.taskId, judged.version, judged.judgement],
    queryFn: ({ signal }) => getJson<ReportView>(reportPath(judged, 'report.json'), signal),
    refetchInterval: untilAnswered,
  })

const samplesAPage = 12

/** The examples behind a row of a report, worst first. */
export const samplesQuery = ({ taskId, version, judgement }: JudgedVersion, query: SampleQuery) =>
  infiniteQueryOptions({
    queryKey: ['samples', taskId, version, judgement, query],
    queryFn: ({ signal, pageParam: offset }) =>
      getJson<SamplePage>(
        `${versionPath(taskId, version)}/samples?${new URLSearchParams({
          query: JSON.stringify(query),
          limit: String(samplesAPage),
          offset: String(offset),
          ...(judgement !== undefined && { judgement: String(judgement) }),
        }).toString()}`,
        signal,
      ),
    initialPageParam: 0,
    getNextPageParam: ({ total, offset, samples }: SamplePage) =>
      offset + samples.length < total ? offset + samples.length : undefined,
    staleTime: Infinity,
    refetchInterval: false,
  })

/** Every judgement of a version, and how far one is that is being made. */
export const judgementsQuery = (taskId: string, version: number) =>
  queryOptions({
    queryKey: ['judgements', taskId, version],
    queryFn: ({ signal }) => getJson<JudgementsView>(`${versionPath(taskId, version)}/judgements`, signal),
    refetchInterval: ({ state: { data, error } }) => {
      if (isUnreachable(error)) return reconnectMs
      const judging = data?.judging ?? null
      return judging !== null && judging.failure === undefined ? judgingMs : pollMs
    },
  })

/** Has a held version judged again: begun, not done, when it answers. */
export function useJudge(taskId: string, version: number) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => sendJson<unknown>('POST', `${versionPath(taskId, version)}/judge`),
    onSettled: () => client.invalidateQueries({ queryKey: ['judgements', taskId, version] }),
  })
}

export const movesQuery = (taskId: string) =>
  queryOptions({
    queryKey: ['moves', taskId],
    queryFn: ({ signal }) =>
      getJson<{ moves: PointerMove[] }>(`${taskPath(taskId)}/moves`, signal).then(({ moves }) => moves),
  })

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: ({ signal }) => getJson<SessionView>('/v1/session', signal),
})

/** Thumbprints of all keys that the server signs or signed with. */
export const serverKeyIdsQuery = queryOptions({
  queryKey: ['server-keys'],
  queryFn: ({ signal }) => getJson<ServerKeySet>('/v1/keys', signal).then(({ keys }) => keys.map(({ kid }) => kid)),
})

export const useTasks = () => useQuery(tasksQuery)
export const useTask = (taskId: string) => useQuery(taskQuery(taskId))

/** All of one task's queries, asked again: after a move of a pointer, or when a round closed. */
export function refreshTask(client: QueryClient, taskId: string): void {
  void client.invalidateQueries({ queryKey: ['tasks'] })
  for (const kind of ['task', 'rounds', 'versions', 'moves', 'requests'])
    void client.invalidateQueries({ queryKey: [kind, taskId] })
}

/** An admin's change to one task: what it sends, and the task asked again afterwards. */
function useTaskChange<Body, Reply>(taskId: string, verb: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: Body) => sendJson<Reply>('POST', `${taskPath(taskId)}/${verb}`, body),
    onSettled: () => refreshTask(client, taskId),
  })
}

/** Under the two-person rule a move waits: then there is a request, and no pointers. */
type Moved =
  { readonly pointers: Pointers } | { readonly pointers?: undefined; readonly request: { readonly id: number } }

export const usePromote = (taskId: string) =>
  useTaskChange<{ version: number; reason: string; againstGate?: boolean }, Moved>(taskId, 'promote')

export const useRollBack = (taskId: string) =>
  useTaskChange<{ version?: number; reason: string }, Moved>(taskId, 'roll-back')

export const useSetPaused = (taskId: string, paused: boolean) =>
  useTaskChange<Record<string, never>, unknown>(taskId, paused ? 'pause' : 'resume')

export const useInvite = (taskId: string) =>
  useTaskChange<{ minutes?: number }, { invitation: string; expiresAt: EpochMs; serverKey: string }>(
    taskId,
    'invitations',
  )

export function useCreateTask() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (document: unknown) => sendJson<unknown>('POST', '/v1/tasks', document),
    onSuccess: () => client.invalidateQueries({ queryKey: ['tasks'] }),
  })
}

export function useSignIn() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (link: string) => sendJson<unknown>('POST', '/v1/session', { link }),
    onSuccess: () => client.invalidateQueries(),
  })
}

export function useSignOut() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => sendJson<unknown>('DELETE', '/v1/session'),
    onSuccess: () => client.invalidateQueries(),
  })
}
