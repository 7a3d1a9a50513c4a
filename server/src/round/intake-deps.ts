import type { Clock, DeviceId } from '@panal/client-core'
import type { Task } from '../registry/task.ts'
import type { UploadRoom } from '../store/upload-room.ts'
import type { LiveRound } from './live-round.ts'
import type { Sign } from './manifest.ts'
import type { UpdateLog } from './ports.ts'
import type { Spool } from './spool.ts'
import type { Round } from './state.ts'

/** What it takes to take in updates. */
export interface IntakeDeps {
  readonly task: Task
  readonly spool: Spool
  readonly log: UpdateLog
  readonly clock: Clock
  readonly sign: Sign
  /** Lets uploads begin, while there are not too many and the disk has space. */
  readonly room: UploadRoom
  /** Whether a device has joined, and its lease runs. */
  readonly isMember: (deviceId: DeviceId) => boolean
  /** The open round of the task, else the last one since the server started. */
  readonly live: () => LiveRound | null
  /** The same, and before the first since then the one that an earlier start has closed. */
  readonly latest: () => Round | null
  /** Until the next round opens, where that is known. */
  readonly nextRoundInMs: () => number | null
}
