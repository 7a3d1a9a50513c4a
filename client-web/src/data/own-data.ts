import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { forgetPersonalModel, hasPersonalModel, readLedger } from '@panal/client-core'
import { useEffect } from 'react'
import { browserKeys } from '../device/browser-keys.ts'
import { keepInvitation, keptAdmission } from '../device/kept-invitation.ts'
import { browserStorage } from '../device/storage.ts'
import { onForgotten, tellForgotten } from './forgotten-news.ts'
import { database, type Drawing, type OwnTable } from './database.ts'
import type { Invitation } from './invitation.ts'

/** What this browser keeps of its owner, as queries: nothing here touches the network. */

const local = { refetchInterval: false, staleTime: Infinity, networkMode: 'always' } as const

export const drawingsQuery = (taskId: string) =>
  queryOptions({
    queryKey: ['drawings', taskId],
    queryFn: async (): Promise<Drawing[]> => (await database()).getAllFromIndex('drawings', 'taskId', taskId),
    ...local,
  })

export const tableQuery = (taskId: string) =>
  queryOptions({
    queryKey: ['table', taskId],
    queryFn: async (): Promise<OwnTable | null> => (await (await database()).get('tables', taskId)) ?? null,
    ...local,
  })

export const ledgerQuery = (taskId: string) =>
  queryOptions({ queryKey: ['ledger', taskId], queryFn: () => readLedger(browserStorage, taskId), ...local })

/** Whether this browser keeps a model of its owner's. */
export const ownModelQuery = (taskId: string) =>
  queryOptions({
    queryKey: ['own-model', taskId],
    queryFn: () => hasPersonalModel(browserStorage, taskId),
    ...local,
  })

/** Asks again whether there is one when this or another window has forgotten it. For the whole app: what is not shown ages as well. */
export function useForgottenOwnModels(): void {
  const client = useQueryClient()
  useEffect(
    () =>
      onForgotten((taskId) => {
        const queryKey = taskId === null ? ['own-model'] : ['own-model', taskId]
        void client.cancelQueries({ queryKey }).then(() => client.invalidateQueries({ queryKey }))
      }),
    [client],
  )
}

/** Asked again in each phase of a contribution: enrolling, or being forgotten by the server, happens in the worker. */
export const admissionQuery = (taskId: string, phase: string) =>
  queryOptions({ queryKey: ['admission', taskId, phase], queryFn: () => keptAdmission(taskId), ...local })

/** A mutation of local data, after which the query `kind` of that task is read again. */
function useLocalChange<Argument = void>(
  kind: string,
  taskId: string,
  change: (argument: Argument) => Promise<unknown>,
) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: change,
    networkMode: 'always',
    onSuccess: async () => {
      // A first read that is still under way may be of before the change, and asking anew would only join it.
      await client.cancelQueries({ queryKey: [kind, taskId] })
      await client.invalidateQueries({ queryKey: [kind, taskId] })
    },
  })
}

export const useKeepDrawing = (taskId: string) =>
  useLocalChange('drawings', taskId, async (drawing: Omit<Drawing, 'id' | 'taskId'>) =>
    (await database()).add('drawings', { ...drawing, taskId }),
  )

export const useForgetDrawing = (taskId: string) =>
  useLocalChange('drawings', taskId, async (id: number) => (await database()).delete('drawings', id))

export const useForgetAllDrawings = (taskId: string) =>
  useLocalChange('drawings', taskId, async () => {
    const transaction = (await database()).transaction('drawings', 'readwrite')
    for (const id of await transaction.store.index('taskId').getAllKeys(taskId)) void transaction.store.delete(id)
    await transaction.done
  })

export const useKeepTable = (taskId: string) =>
  useLocalChange('table', taskId, async (table: Omit<OwnTable, 'taskId'>) =>
    (await database()).put('tables', { ...table, taskId }),
  )

export const useForgetTable = (taskId: string) =>
  useLocalChange('table', taskId, async () => (await database()).delete('tables', taskId))

export const useForgetOwnModel = (taskId: string) =>
  useLocalChange('own-model', taskId, async () => {
    await forgetPersonalModel({ storage: browserStorage, keys: browserKeys() }, taskId)
    tellForgotten(taskId)
  })

export const useKeepInvitation = (taskId: string) =>
  useLocalChange('admission', taskId, (invitation: Invitation) => keepInvitation(taskId, invitation))
