import { PanalError, type ErrorCode } from '../protocol/errors.ts'
import type { DeviceId } from '../protocol/ids.ts'
import type { Greeting } from '../protocol/manifest.ts'
import type * as Wire from '../protocol/messages.ts'
import { childController, type ChildController } from '../transport/abort.ts'
import type { Channel } from '../transport/channel.ts'
import { listeners } from '../transport/listeners.ts'
import { defaultRetryPolicy, isTransient, retryDelayMs } from '../transport/retry.ts'
import { forgetIdentity, loadIdentity, signedJoin } from './identity.ts'
import type { Left, Member, MembershipOptions } from './member.ts'
import { final, needsJoin } from './refusals.ts'
import type { Trust } from './trust.ts'

/** Until the server has said how often. */
const firstHeartbeatMs = 5_000
const goodbyeMs = 1_000

/**
 * Keeps one device joined to its task: enrolled, connected, its lease renewed, through every loss, until it ends or
 * the server refuses it for good. Each connection starts with a join, since a lost one may have lost any push. [P6]
 */
export class Membership {
  readonly #options: MembershipOptions
  readonly #member: Member
  readonly #life: ChildController
  readonly #joins = listeners<Wire.JoinReply>()
  #left: Left | undefined
  #deviceId: DeviceId | undefined
  #reenrolled = false
  #channel: Channel | undefined
  #joining = false
  #heartbeatMs: number | undefined
  #attempt = 1

  constructor(options: MembershipOptions, member: Member) {
    this.#options = options
    this.#member = member
    this.#life = childController(options.signal)
  }

  /** Resolves when the server refused the device for good; rejects with the signal's reason when that aborts. */
  async run(): Promise<Left> {
    const { clock, rng } = this.#options.runtime
    const { signal } = this.#life
    this.#background(this.#beat())
    try {
      for (;;) {
        this.#member.onConnecting(this.#attempt)
        const retryAfterMs = await this.#connection()
        await clock.sleep(retryDelayMs(this.#attempt++, defaultRetryPolicy, rng, retryAfterMs), signal)
      }
    } catch (error) {
      if (this.#left === undefined) throw error
      return this.#left
    } finally {
      this.#life.release()
      this.#life.abort()
    }
  }

  get joined(): boolean {
    return this.#channel?.connected === true && this.#heartbeatMs !== undefined && !this.#joining
  }

  get attempt(): number {
    return this.#attempt
  }

  /** @throws Error before the first connection: a bug, since no work comes before a join */
  get deviceId(): DeviceId {
    if (this.#deviceId === undefined) throw new Error('membership: the device is not enrolled yet')
    return this.#deviceId
  }

  /** Sends a heartbeat now, besides the regular ones: for a change the server should know of at once. */
  heartbeat(): void {
    this.#background(this.#heartbeat())
  }

  /** Gives an assignment back, if anybody is there to hear it; the lease and the deadline say it otherwise. */
  decline(decline: Wire.Decline): void {
    const channel = this.#channel
    if (channel === undefined || !this.joined) return
    this.#background(this.#ask(() => channel.request('decline', decline, this.#life.signal)))
  }

  /** Joins again, and resolves once that is done, however long the connection is away. */
  async rejoin(signal: AbortSignal): Promise<void> {
    const waiting = childController(signal)
    try {
      await new Promise<Wire.JoinReply>((resolve, reject) => {
        const stop = () => reject(signal.reason)
        if (signal.aborted) return stop()
        waiting.signal.addEventListener('abort', this.#joins.add(resolve), { once: true })
        waiting.signal.addEventListener('abort', stop, { once: true })
        this.#background(this.#join())
      })
    } finally {
      waiting.release()
      waiting.abort()
    }
  }

  /** One connection, until it is over for good; resolves with how long the server asks to be left alone. */
  async #connection(): Promise<number> {
    const { runtime } = this.#options
    const { signal } = this.#life
    const connecting = childController(signal)
    try {
      this.#deviceId ??= await this.#enrolled()
      this.#channel = await runtime.connect(connecting.signal)
      // From here on the connection outlives the membership by one message: the goodbye.
      connecting.release()
      return await this.#untilClosed(this.#channel)
    } catch (error) {
      if (signal.aborted || !isTransient(error)) throw error
      return error.retryAfterMs ?? 0
    } finally {
      if (signal.aborted) await this.#sayGoodbye()
      const channel = this.#channel
      this.#channel = undefined
      connecting.release()
      connecting.abort()
      channel?.close()
    }
  }

  async #untilClosed(channel: Channel): Promise<number> {
    const { signal } = this.#life
    const stops: (() => void)[] = []
    try {
      return await new Promise<number>((resolve, reject) => {
        const stop = () => reject(signal.reason)
        if (signal.aborted) return stop()
        signal.addEventListener('abort', stop, { once: true })
        stops.push(
          () => signal.removeEventListener('abort', stop),
          channel.onLink((state) => (state === 'up' ? this.#background(this.#join()) : this.#onDown())),
          channel.on('closing', (closing) => this.#onClosing(closing, resolve)),
          ...this.#member.listen(channel),
        )
        if (channel.connected) this.#background(this.#join())
      })
    } finally {
      for (const stop of stops) stop()
    }
  }

  #onDown(): void {
    this.#member.onConnecting(++this.#attempt)
  }

  #onClosing(closing: Wire.Closing, closed: (retryAfterMs: number) => void): void {
    // The schema lets no other code in.
    const code = closing.code as ErrorCode
    if (final.has(code)) this.#end({ code, detail: closing.detail })
    else closed(closing.retryAfterMs ?? 0)
  }

  async #join(): Promise<void> {
    if (this.#joining) return
    this.#joining = true
    const { clock, rng } = this.#options.runtime
    try {
      for (let failures = 1; this.#channel?.connected === true; failures++) {
        const retryAfterMs = await this.#joinOnce(this.#channel)
        if (retryAfterMs === 'settled') return
        await clock.sleep(retryDelayMs(failures, defaultRetryPolicy, rng, retryAfterMs), this.#life.signal)
      }
    } finally {
      this.#joining = false
    }
  }

  /** Enrolled by now. What the server refuses for good ends the membership. @throws PanalError */
  async #enrolled(): Promise<DeviceId> {
    const { signal } = this.#life
    try {
      return await loadIdentity(this.#options.runtime, this.#options, signal)
    } catch (error) {
      if (!signal.aborted && error instanceof PanalError && final.has(error.code))
        this.#end({ code: error.code, detail: error.message })
      throw error
    }
  }

  /** Resolves with how long to wait before trying again, unless it is settled, for good or ill. */
  async #joinOnce(channel: Channel): Promise<number | 'settled'> {
    const { runtime, taskId, numExamples } = this.#options
    const conditions = await runtime.conditions()
    const { roundNumber } = this.#member.doing()
    const { challenge } = channel
    if (challenge === undefined) return 0 // the connection went meanwhile
    const { deviceId } = this
    const { join, proofId } = await signedJoin(runtime, { taskId, deviceId, numExamples, conditions }, challenge)
    const reply = await this.#ask(() => channel.request('join', join, this.#life.signal))
    if (reply === undefined) return 0
    if (reply.ok) {
      const greeted = await this.#greeted(reply.greeting, { taskId, deviceId, proofId })
      if (greeted) this.#onJoined(reply, roundNumber)
      return greeted || this.#left !== undefined ? 'settled' : 0
    }
    if (reply.code === 'unauthorized' && !this.#reenrolled) {
      this.#reenrolled = true
      await forgetIdentity(runtime, taskId)
      this.#deviceId = await this.#enrolled()
      return 0
    }
    if (!final.has(reply.code) && reply.code !== 'unauthorized') return reply.retryAfterMs ?? 0
    this.#end(reply)
    return 'settled'
  }

  /** Whether the server proved to be the one that this device knows; one that is another ends the membership. */
  async #greeted(greeting: Greeting, join: Parameters<Trust['greet']>[1]): Promise<boolean> {
    try {
      await this.#options.trust.greet(greeting, join, this.#life.signal)
      return true
    } catch (error) {
      if (isTransient(error)) return false // its keys could not be had: to be joined again
      if (!(error instanceof PanalError)) throw error
      this.#end({ code: error.code, detail: error.message })
      return false
    }
  }

  #onJoined(reply: Wire.JoinReply, roundInHand: number | undefined): void {
    this.#heartbeatMs = reply.task.lease.heartbeatMs
    this.#useNonce(reply.proofNonce)
    this.#attempt = 1
    this.#reenrolled = false
    this.#joining = false
    this.#member.onJoined(reply, roundInHand)
    this.#joins.tell(reply)
  }

  async #beat(): Promise<void> {
    for (;;) {
      await this.#options.runtime.clock.sleep(this.#heartbeatMs ?? firstHeartbeatMs, this.#life.signal)
      this.heartbeat()
    }
  }

  /** Renews the lease, says what the device is doing, and hears what the server thinks it is doing. */
  async #heartbeat(): Promise<void> {
    const conditions = await this.#options.runtime.conditions()
    const channel = this.#channel
    if (channel === undefined || !this.joined) return
    this.#member.onConditions(conditions)
    const doing = this.#member.doing()
    const reply = await this.#ask(() => channel.request('heartbeat', { ...doing, conditions }, this.#life.signal))
    if (reply === undefined) return
    if (reply.ok) {
      this.#useNonce(reply.proofNonce)
      this.#member.onHeartbeat(reply, doing.roundNumber)
    } else if (final.has(reply.code)) this.#end(reply)
    else if (needsJoin.has(reply.code)) await this.#join()
  }

  /** Proofs are fresh by the server's nonce, never by this device's clock. */
  #useNonce(nonce: string | undefined): void {
    if (nonce !== undefined) this.#options.runtime.transfer.useNonce(nonce)
  }

  async #sayGoodbye(): Promise<void> {
    const channel = this.#channel
    if (channel === undefined || !this.joined || this.#left !== undefined) return
    const answer = childController()
    const { clock } = this.#options.runtime
    clock.sleep(goodbyeMs, answer.signal).then(
      () => answer.abort(),
      () => undefined,
    )
    await channel.request('leave', {}, answer.signal).catch(() => undefined)
    answer.abort()
  }

  /** The answer to a question; undefined when the connection gave none, for then the next join sorts it out. */
  async #ask<T>(question: () => Promise<T>): Promise<T | undefined> {
    try {
      return await question()
    } catch (error) {
      if (isTransient(error)) return undefined
      throw error
    }
  }

  /** Runs beside the life; what it throws once that is over no longer matters. */
  #background(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      if (!this.#life.signal.aborted) this.#member.onFailure(error)
    })
  }

  #end({ code, detail }: { readonly code: ErrorCode; readonly detail: string }): void {
    this.#left ??= { state: 'left', reason: 'refused', code, detail }
    this.#life.abort(new Error('the server refused this device'))
  }
}
