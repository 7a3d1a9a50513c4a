import type { Clock } from '@panal/client-core'
import type { ResourceUse } from '../results/run-record.ts'
import { resourcesSoFar } from './surroundings.ts'

/** What a run has used: it alone, but for the memory, of which a process knows no more than the most of its life. */
export type Used = Pick<ResourceUse, 'wallMs' | 'cpuMs' | 'peakMemoryBytes'>

/**
 * From now on what this start and those before it have used; a process may do several runs after each other.
 * @param soFar what the process has used in its life
 */
export function meter(clock: Clock, before: Used | undefined, soFar = resourcesSoFar): () => Used {
  const startedAt = clock.now()
  const atStart = soFar().cpuMs
  return () => {
    const { cpuMs, peakMemoryBytes } = soFar()
    return {
      wallMs: clock.now() - startedAt + (before?.wallMs ?? 0),
      cpuMs: cpuMs - atStart + (before?.cpuMs ?? 0),
      peakMemoryBytes: Math.max(peakMemoryBytes, before?.peakMemoryBytes ?? 0),
    }
  }
}
