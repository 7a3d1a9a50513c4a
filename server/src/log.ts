import { pino, type DestinationStream, type Logger } from 'pino'
import type { Rounds } from './round/contract.ts'
import type { EngineNews } from './vector/engines.ts'

/**
 * One structured line per refusal and per change of phase, on standard error: standard output is for what a command
 * answers. Nothing that a client sent, and no credential.
 */
export const makeLog = (
  level: string,
  destination: DestinationStream = pino.destination({ fd: 2, sync: false }),
): Logger =>
  pino(
    {
      level,
      base: null,
      redact: [
        'req.headers.authorization',
        'req.headers.cookie',
        'req.headers.dpop',
        '*.proof',
        '*.invitation',
        '*.token',
        '*.session',
        '*.link',
      ],
    },
    destination,
  )

/** A line for each phase that a round enters. Returns the function that ends it. */
export function logRounds(rounds: Rounds, log: Logger): () => void {
  const last = new Map<string, string>()
  return rounds.onRound(
    ({ taskId, number, phase, outcome, reason, aggregation, numInvited, numAccepted, numRejected, numDropped }) => {
      const state = `${number} ${phase}`
      if (last.get(taskId) === state) return
      last.set(taskId, state)
      const counts = { numInvited, numAccepted, numRejected, numDropped }
      const found = { ...(phase === 'gating' && { aggregation }), ...(outcome !== undefined && { outcome, reason }) }
      log.info({ taskId, round: number, phase, ...counts, ...found }, 'round')
    },
  )
}

const engineLines = {
  chosen: 'vector engine chosen',
  unavailable: 'vector engine unavailable: rounds are aggregated by wasm until the server is started anew',
  lost: 'vector engine lost: the aggregation begins anew on wasm',
} as const satisfies Record<EngineNews['type'], string>

/** A line for what became of the vector engines. */
export const logEngines =
  (log: Logger) =>
  ({ type, ...news }: EngineNews): void => {
    const level = type === 'chosen' ? 'info' : 'warn'
    log[level](news, engineLines[type])
  }
