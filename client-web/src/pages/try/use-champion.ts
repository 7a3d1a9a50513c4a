import type { TaskCard } from '@panal/client-core'
import { useCallback, useEffect, useRef, useState } from 'react'
import { useSearchParams } from 'react-router'
import { onForgotten } from '../../data/forgotten-news.ts'
import { ChampionClient, noChampion, type ChampionState } from '../../device/champion-client.ts'
import { backendFromAddress, type PredictInput } from '../../device/worker-messages.ts'

/** Loads this version of the task's model, and loads anew when another version comes; drops an own one that is forgotten. */
export function useChampion(card: TaskCard, version: number | null) {
  const [search] = useSearchParams()
  const backend = backendFromAddress(search.toString())
  const client = useRef<ChampionClient | null>(null)
  const [state, setState] = useState<ChampionState>(noChampion)
  useEffect(() => {
    const opened = new ChampionClient(setState)
    client.current = opened
    return () => opened.close()
  }, [])
  useEffect(() => {
    if (version !== null) client.current?.load(card, version, backend)
  }, [card, version, backend])
  useEffect(
    () =>
      onForgotten((taskId) => {
        if (taskId === null || taskId === card.id) client.current?.dropOwn()
      }),
    [card.id],
  )
  const ask = useCallback((question: PredictInput | null) => client.current?.ask(question), [])
  return { ...state, ask }
}
