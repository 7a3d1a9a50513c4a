import type { Pointers, Promoted } from '@panal/client-core'
import type { Registry } from '../registry/registry.ts'
import type { Round } from './state.ts'

/** What is told of a promotion, once it is durable. */
export const promotionOf = (round: Round, pointers: Pointers, registry: Registry): Promoted => {
  const champion = pointers.champion ?? 0
  const move = registry.moves(round.taskId).find((each) => each.pointer === 'champion' && each.to === champion)
  return {
    taskId: round.taskId,
    champion,
    previous: move?.from ?? null,
    reason: move?.reason ?? 'the gate promoted it',
  }
}
