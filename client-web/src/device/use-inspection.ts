import type { TaskCard } from '@panal/client-core'
import { useQuery } from '@tanstack/react-query'
import type { DataSummary } from '../data/table-file.ts'
import { openWorker } from './open-worker.ts'
import type { OwnSource } from './worker-messages.ts'

/** Reads a data source in a worker of its own, which ends with the answer. */
function inspect(card: TaskCard, source: OwnSource, signal: AbortSignal): Promise<DataSummary> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void) => {
      worker.terminate()
      settle()
    }
    const worker = openWorker((message) => {
      if (message.type === 'inspected') end(() => resolve(message.summary))
      if (message.type === 'failed') end(() => reject(new Error(message.detail)))
    })
    signal.addEventListener('abort', () => end(() => reject(new Error('no longer needed'))), { once: true })
    worker.postMessage({ type: 'inspect', requestId: 1, card, source })
  })
}

/** What a chosen file holds: rows used, rows refused and why. */
export const useInspection = (card: TaskCard, text: string | undefined, chosenAt: number | undefined) =>
  useQuery({
    queryKey: ['inspection', card.id, card.planHash, chosenAt],
    queryFn: ({ signal }) => inspect(card, { kind: 'file', text: text ?? '' }, signal),
    enabled: text !== undefined,
    staleTime: Infinity,
    refetchInterval: false,
    networkMode: 'always',
  })
