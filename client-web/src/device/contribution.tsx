import type { TaskCard } from '@panal/client-core'
import { useQueryClient } from '@tanstack/react-query'
import { createContext, use, useCallback, useEffect, useMemo, useReducer, useRef, type ReactNode } from 'react'
import { readConditions } from './conditions.ts'
import { idleView, nextView, type ContributionView } from './contribution-view.ts'
import type { BackendName, DataSource, FromWorker, ToWorker } from './worker-messages.ts'
import { openWorker } from './open-worker.ts'

const conditionsEveryMs = 30_000

export interface Contribution {
  readonly view: ContributionView
  readonly start: (card: TaskCard, source: DataSource, backend: BackendName | 'auto') => void
  readonly pause: () => void
  readonly resume: () => void
  readonly leave: () => void
}

const ContributionContext = createContext<Contribution | null>(null)

/** This browser's contribution: it goes on while its owner looks at other pages. */
export function useContribution(): Contribution {
  const contribution = use(ContributionContext)
  if (contribution === null) throw new Error('useContribution outside ContributionProvider')
  return contribution
}

/** Owns the worker that trains. One task at a time. */
export function ContributionProvider({ children }: { readonly children: ReactNode }) {
  const [view, dispatch] = useReducer(nextView, idleView)
  const worker = useRef<Worker | null>(null)
  const queries = useQueryClient()

  const send = useCallback((message: ToWorker) => worker.current?.postMessage(message), [])
  const stop = useCallback(() => {
    worker.current?.terminate()
    worker.current = null
  }, [])

  const start = useCallback(
    async (card: TaskCard, source: DataSource, backend: BackendName | 'auto') => {
      stop()
      dispatch({ type: 'begin', taskId: card.id })
      const opened = openWorker((message: FromWorker) => {
        if (worker.current !== opened) return
        dispatch({ type: 'from-worker', message })
        if (changesLedger(message)) void queries.invalidateQueries({ queryKey: ['ledger', card.id] })
        if (changesOwnModel(message)) void queries.invalidateQueries({ queryKey: ['own-model', card.id] })
        if (hasEnded(message)) stop()
      })
      worker.current = opened
      send({ type: 'start', card, source, backend, conditions: await readConditions(navigator) })
    },
    [queries, send, stop],
  )

  useEffect(() => {
    const timer = setInterval(() => {
      if (worker.current !== null)
        void readConditions(navigator).then((conditions) => send({ type: 'conditions', conditions }))
    }, conditionsEveryMs)
    const sayGoodbye = () => send({ type: 'leave' })
    window.addEventListener('pagehide', sayGoodbye)
    return () => {
      clearInterval(timer)
      window.removeEventListener('pagehide', sayGoodbye)
      stop()
    }
  }, [send, stop])

  const contribution = useMemo<Contribution>(
    () => ({
      view,
      start: (card, source, backend) => void start(card, source, backend),
      pause: () => send({ type: 'pause' }),
      resume: () => send({ type: 'resume' }),
      leave: () => send({ type: 'leave' }),
    }),
    [view, start, send],
  )
  return <ContributionContext value={contribution}>{children}</ContributionContext>
}

const hasEnded = (message: FromWorker): boolean =>
  (message.type === 'failed' && message.requestId === undefined) ||
  (message.type === 'session' && message.event.type === 'state' && message.event.state.state === 'left')

/** The worker has written a line of the ledger. */
const changesLedger = (message: FromWorker): boolean =>
  message.type === 'session' && ['accepted', 'refused', 'counted'].includes(message.event.type)

/** The worker has trained a model of the owner's. */
const changesOwnModel = (message: FromWorker): boolean =>
  message.type === 'session' && message.event.type === 'personalised'
