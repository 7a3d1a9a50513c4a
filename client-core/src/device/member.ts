import type * as Wire from '../protocol/messages.ts'
import type { Channel } from '../transport/channel.ts'
import type { DeviceRuntime } from './runtime.ts'
import type { SessionState } from './session-state.ts'
import type { Trust } from './trust.ts'

export type Left = Extract<SessionState, { state: 'left' }>

/** What a membership asks of the device it keeps joined, and tells it. */
export interface Member {
  /** What the device is doing, in the words of a heartbeat. */
  doing(): Omit<Wire.ClientEvent<'heartbeat'>, 'conditions'>
  /** The device's conditions as they are now, before each heartbeat. */
  onConditions(conditions: Wire.Conditions): void
  onConnecting(attempt: number): void
  /** `roundInHand`: what the device was working on when it asked, for an answer that crossed a newer assignment. */
  onJoined(reply: Wire.JoinReply, roundInHand: number | undefined): void
  onHeartbeat(reply: Wire.HeartbeatReply, roundInHand: number | undefined): void
  /** Registers what the device wants to hear of on each new channel; returns the functions that stop listening. */
  listen(channel: Channel): readonly (() => void)[]
  /** A bug: the device cannot go on. */
  onFailure(error: unknown): void
}

export interface MembershipOptions {
  readonly runtime: DeviceRuntime
  readonly taskId: string
  readonly trust: Trust
  readonly invitation?: string | undefined
  readonly numExamples: number
  readonly signal: AbortSignal
}
