import {
  ok,
  refuse,
  type Clock,
  type Closing,
  type Conditions,
  type DeviceId,
  type DevicePhase,
  type EpochMs,
  type Heartbeat,
  type Join,
  type Refusal,
  type ServerEvent,
  type ServerEventName,
} from '@panal/client-core'
import type { TaskDocument } from '../registry/task-document.ts'
import type { Link } from './contract.ts'

interface Member {
  /** Null while the connection is lost: the lease runs on. */
  link: Link | null
  conditions: Conditions
  phase: DevicePhase
  leaseUntil: EpochMs
  readonly numExamples: number
  /** Whether it may be asked, as of its last change. */
  available: boolean
}

/** What a population tells the rounds: the lease of a device ran out or was given back; one more may be asked. */
export interface PopulationEvents {
  gone(deviceId: DeviceId): void
  arrived(): void
  /** Whether a device is never to be asked, whatever it says; left out, none is. */
  isBarred?(deviceId: DeviceId): boolean
}

/**
 * Least time that a device gets to come back to a server that was away: a device's pauses between two tries grow to 30 s
 * and half as much again, whatever the task's lease is. [P20]
 */
const comeBackMs = 60_000

/**
 * The devices that serve one task now. Membership is a lease renewed by heartbeats [R8]: an open socket proves
 * nothing, and a lost one costs nothing until the lease is over.
 */
export class Population {
  readonly #members = new Map<DeviceId, Member>()
  readonly #document: TaskDocument
  readonly #clock: Clock
  readonly #events: PopulationEvents
  #numAvailable = 0

  constructor(document: TaskDocument, clock: Clock, events: PopulationEvents) {
    this.#document = document
    this.#clock = clock
    this.#events = events
  }

  get size(): number {
    return this.#members.size
  }

  /** Devices that may be asked now. Costs nothing, for it is looked at whenever one comes. */
  get numAvailable(): number {
    return this.#numAvailable
  }

  /** Whether it is one of them. */
  isAvailable(deviceId: DeviceId): boolean {
    return this.#members.get(deviceId)?.available === true
  }

  join(join: Join, link: Link): void {
    const earlier = this.#members.get(join.deviceId)?.link
    if (earlier !== undefined && earlier !== null && earlier !== link) earlier.close(superseded)
    const { deviceId, conditions, numExamples } = join
    this.#forget(deviceId)
    const leaseUntil = this.#leaseEnd()
    const member: Member = { link, conditions, phase: 'waiting', leaseUntil, numExamples, available: false }
    this.#members.set(deviceId, member)
    this.#changed(deviceId, member)
  }

  heartbeat(deviceId: DeviceId, heartbeat: Heartbeat): { readonly ok: true } | Refusal {
    const member = this.#members.get(deviceId)
    if (member === undefined) return refuse('lease-lapsed', 'the lease ran out; join again')
    member.conditions = heartbeat.conditions
    member.phase = heartbeat.phase
    member.leaseUntil = this.#leaseEnd()
    this.#changed(deviceId, member)
    return ok
  }

  has(deviceId: DeviceId): boolean {
    return this.#members.has(deviceId)
  }

  /** After a restart, every device a round still waits for gets one full lease to come back, and a minute at least. */
  expect(deviceId: DeviceId): void {
    if (this.#members.has(deviceId)) return
    const conditions = { charging: false, unmetered: false, idle: false }
    this.#members.set(deviceId, {
      link: null,
      conditions,
      phase: 'waiting',
      leaseUntil: Math.max(this.#leaseEnd(), this.#clock.now() + comeBackMs),
      numExamples: 0,
      available: false,
    })
  }

  leave(deviceId: DeviceId): void {
    if (this.#forget(deviceId)) this.#events.gone(deviceId)
  }

  /** Closes its connection and ends its membership. */
  expel(deviceId: DeviceId): void {
    this.#members.get(deviceId)?.link?.close(revoked)
    this.leave(deviceId)
  }

  unlink(deviceId: DeviceId, link: Link): void {
    const member = this.#members.get(deviceId)
    if (member?.link !== link) return
    member.link = null
    this.#changed(deviceId, member)
  }

  /** Whether a device is barred has changed. */
  barChanged(deviceId: DeviceId): void {
    const member = this.#members.get(deviceId)
    if (member !== undefined) this.#changed(deviceId, member)
  }

  /** Drops every member whose lease is over. */
  sweep(): void {
    const now = this.#clock.now()
    for (const [deviceId, member] of this.#members) if (member.leaseUntil < now) this.leave(deviceId)
  }

  /** Connected, not paused, and within the task's conditions. */
  available(): DeviceId[] {
    const deviceIds: DeviceId[] = []
    for (const [deviceId, { available }] of this.#members) if (available) deviceIds.push(deviceId)
    return deviceIds
  }

  send<Name extends ServerEventName>(deviceId: DeviceId, name: Name, message: ServerEvent<Name>): void {
    this.#members.get(deviceId)?.link?.send(name, message)
  }

  closeAll(closing: Closing): void {
    for (const { link } of this.#members.values()) link?.close(closing)
  }

  /** To be called after every change of a member. */
  #changed(deviceId: DeviceId, member: Member): void {
    const available = this.#mayBeAsked(member) && this.#events.isBarred?.(deviceId) !== true
    if (available === member.available) return
    member.available = available
    this.#numAvailable += available ? 1 : -1
    if (available) this.#events.arrived()
  }

  #forget(deviceId: DeviceId): boolean {
    if (this.isAvailable(deviceId)) this.#numAvailable -= 1
    return this.#members.delete(deviceId)
  }

  #leaseEnd(): EpochMs {
    return this.#clock.now() + this.#document.lease.leaseMs
  }

  #mayBeAsked({ link, phase, conditions, numExamples }: Member): boolean {
    const { charging, unmetered, idle, minExamples = 1 } = this.#document.eligibility
    return (
      link !== null &&
      phase === 'waiting' &&
      numExamples >= minExamples &&
      (charging !== true || conditions.charging) &&
      (unmetered !== true || conditions.unmetered) &&
      (idle !== true || conditions.idle)
    )
  }
}

const revoked: Closing = { code: 'revoked', detail: 'this device was revoked' }
const superseded: Closing = { code: 'superseded', detail: 'a newer connection of this device took over' }
