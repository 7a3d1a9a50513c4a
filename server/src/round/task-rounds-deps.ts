import type { Clock, DeviceId, Promoted, RoundSummary } from '@panal/client-core'
import type { Gate, RootTrainer } from '../gate/contract.ts'
import type { Registry } from '../registry/registry.ts'
import type { EngineLender } from '../vector/engines.ts'
import type { IntakeDeps } from './intake-deps.ts'
import type { Sign } from './manifest.ts'
import type { UpdateLog, Watch } from './ports.ts'
import type { Spool } from './spool.ts'

/** What the rounds of a task need of the server. */
export interface TaskRoundsDeps {
  readonly registry: Registry
  readonly log: UpdateLog
  readonly spool: Spool
  readonly gate: Gate
  readonly clock: Clock
  readonly sign: Sign
  /** Of the key that signs now. */
  readonly keyId: () => string
  readonly uploads: IntakeDeps['room']
  /** Closed rounds whose updates stay in the spool. */
  readonly keptRounds: number
  /** See `UpdateSource`. */
  readonly maxHeldBytes: number
  readonly engines?: EngineLender
  readonly rootTrainer?: RootTrainer
  readonly isQuarantined?: (deviceId: DeviceId) => boolean
  /** Something in a round went wrong that no rule foresees: logged, the round tried again later. */
  readonly onError: (error: unknown, taskId: string) => void
  readonly onRound: (summary: RoundSummary) => void
  readonly onPromoted: (promoted: Promoted) => void
  readonly watch: Watch
  /** The task ran its last round. */
  readonly onFinished: (taskId: string) => void
}
