import type { Readable } from 'node:stream'
import type {
  Closing,
  Decline,
  DeviceId,
  Heartbeat,
  HeartbeatReply,
  Join,
  JoinReply,
  Promoted,
  Receipt,
  Refusal,
  RoundSummary,
  ServerEvent,
  ServerEventName,
  UpdateHeader,
} from '@panal/client-core'
import type { Task } from '../registry/task.ts'

/** The server's end of one device's control connection. Sending on a dead link is harmless. */
export interface Link {
  send<Name extends ServerEventName>(name: Name, message: ServerEvent<Name>): void
  close(closing: Closing): void
}

/** Which upload is meant; all of it from the URL and the credential, nothing from the body. */
export interface UploadTarget {
  readonly taskId: string
  readonly roundNumber: number
  readonly deviceId: DeviceId
  readonly sha256: string
}

/** The answer to a join, but for what the connection adds: the greeting that its proof is answered with. */
export type JoinedReply = Omit<JoinReply, 'greeting' | 'proofNonce'>

/**
 * The running rounds of every task, as the socket and HTTP layers see them. Credentials are checked before any of
 * these is called; everything else is checked here.
 */
export interface Rounds {
  /** Starts the task's rounds, or takes up the one that a stop or a crash left open. */
  start(task: Task, paused?: boolean): void
  setPaused(taskId: string, paused: boolean): void
  /** The same task, judged by other sets from the next judgement on. */
  replace(task: Task): void
  /** The open round, else the last closed one, else null. */
  current(taskId: string): RoundSummary | null
  /** Devices that are joined to the task now. */
  numMembers(taskId: string): number

  join(join: Join, link: Link): JoinedReply | Refusal
  heartbeat(taskId: string, deviceId: DeviceId, heartbeat: Heartbeat): HeartbeatReply | Refusal
  decline(taskId: string, deviceId: DeviceId, decline: Decline): { readonly ok: true } | Refusal
  leave(taskId: string, deviceId: DeviceId): void
  /** The device was revoked: its connections are closed, its uploads in flight refused, its rounds go on without it. */
  expel(deviceId: DeviceId): void
  /**
   * The device was put in quarantine, or released from it: whoever knows which is asked. In quarantine it stays a member, is
   * not asked, its uploads are refused, and a round that waits for it waits no longer. What was counted stays counted.
   */
  quarantineChanged(deviceId: DeviceId): void
  /** The connection is gone; the lease runs on. */
  unlink(taskId: string, deviceId: DeviceId, link: Link): void

  /** How many bytes of this upload the server holds: all of them and a receipt once it is accepted. @throws PanalError */
  uploadOffset(target: UploadTarget): Promise<{ readonly offset: number; readonly receipt?: Receipt }>
  /** Streams a body to disk from `offset` on; resolves with the receipt when the update is durable and counted. @throws PanalError */
  receiveUpdate(target: UploadTarget, header: UpdateHeader, offset: number, body: Readable): Promise<Receipt>
  /** Bytes of weights served to devices: for the round's traffic figures. */
  countDownload(sha256: string, numBytes: number): void

  onRound(listener: (round: RoundSummary) => void): () => void
  onPromoted(listener: (promoted: Promoted) => void): () => void
  /** Told by the admin routes after they moved a champion. */
  announce(promoted: Promoted): void
  /** No new rounds; devices told `draining`; uploads in flight finished; open rounds stay open on disk. */
  stop(): Promise<void>
}
