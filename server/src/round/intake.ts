import type { Readable } from 'node:stream'
import {
  l2Norm,
  orThrow,
  PanalError,
  type DeviceId,
  type ErrorCode,
  type Params,
  type Receipt,
  type UpdateHeader,
} from '@panal/client-core'
import { failpoint } from '../failpoint.ts'
import { diskFull, isDiskFull } from '../store/disk-full.ts'
import type { UploadTarget } from './contract.ts'
import { GroupCommit } from '../store/group-commit.ts'
import { heardIn, heldTo, originOf } from './carried.ts'
import { RoundOver, type LiveRound } from './live-round.ts'
import type { UpdateRecord } from './ports.ts'
import type { IntakeDeps } from './intake-deps.ts'
import { ScratchPool } from './scratch.ts'
import type { Inspect } from './spool.ts'
import { advance, statusOf } from './state.ts'
import { addUpdate, toldToDevices } from './summary.ts'

/** One update on its way: what it says of itself, and the round that it is for. */
interface Upload {
  readonly target: UploadTarget
  readonly header: UpdateHeader
  readonly live: LiveRound
  readonly signal: AbortSignal
}

/** Whether a device was shut out while it uploads; shared by the uploads of one update that take over from each other. */
interface Access {
  refusal?: PanalError
}

/** An update that waits to be counted. */
interface Entry {
  readonly record: UpdateRecord
  readonly access: Access
}

/** What an upload in flight is known by. */
interface InFlight {
  readonly stop: AbortController
  readonly done: Promise<void>
  readonly access: Access
}

/** Why nothing of a device counts any more. */
type ShutOut = Extract<ErrorCode, 'revoked' | 'quarantined'>

/**
 * Least time after which an update comes again that arrived between two rounds and may count in the next, ms. While nobody
 * knows when that one opens, it is a heartbeat.
 */
const retryBetweenMs = 1_000
/** Updates decoded at once: bounds the memory of the checks whatever the number of uploads. */
const numDecoders = 2
/** Up to so many times its length, an update was made for another model or of wider numbers; beyond, it is no update. */
const farTooLong = 2

/**
 * From request bytes to a counted update, in a straight line: known? admissible? → disk, hashed → decoded, checked →
 * durable → counted → receipt. Nothing is answered before it is durable, and a repeated upload gets the same answer.
 */
export class Intake {
  readonly #deps: IntakeDeps
  readonly #uploads = new Map<string, InFlight>()
  readonly #decoders: ScratchPool<{ bytes: Uint8Array; params: Params }>
  readonly #commits = new GroupCommit((entries: readonly Entry[]) => this.#commit(entries))

  constructor(deps: IntakeDeps) {
    const { codec, layout } = deps.task
    this.#deps = deps
    this.#decoders = new ScratchPool<{ bytes: Uint8Array; params: Params }>(numDecoders, () => ({
      bytes: Buffer.allocUnsafeSlow(codec.maxBytes(layout)),
      params: new Float32Array(layout.size),
    }))
  }

  /** Resolves when no upload is in flight. */
  async drained(): Promise<void> {
    await Promise.all([...this.#uploads.values()].map(({ done }) => done))
  }

  /** Refuses what a device that is shut out is uploading. What was counted before stays counted. */
  expel(deviceId: DeviceId, code: ShutOut = 'revoked'): void {
    for (const [key, { stop, access }] of this.#uploads)
      if (key.endsWith(`/${deviceId}`)) stop.abort((access.refusal = new PanalError(code)))
  }

  /** @throws PanalError */
  async offset(target: UploadTarget): Promise<{ offset: number; receipt?: Receipt }> {
    const known = this.#known(target)
    if (known !== undefined) return { offset: known.bytes, receipt: this.#receiptOf(known) }
    this.#admissible(target)
    return { offset: await this.#deps.spool.partBytes(target) }
  }

  /** @throws PanalError with the code of the first rule that the update breaks */
  async receive(target: UploadTarget, header: UpdateHeader, offset: number, body: Readable): Promise<Receipt> {
    const known = this.#known(target)
    if (known !== undefined) return this.#receiptOf(known)
    const live = this.#admissible(target, header)
    return await this.#alone(target, live, async (signal, access) => {
      const settled = this.#known(target) // an older upload of the same update may have finished meanwhile
      if (settled !== undefined) return this.#receiptOf(settled)
      let norm = 0
      const incoming = { target, offset, numBytes: header.bytes, body, signal }
      const inspect: Inspect = async (read) => {
        norm = await this.#judge({ target, header, live, signal }, read)
      }
      await this.#deps.room.use(header.bytes - offset, () => this.#deps.spool.receive(incoming, inspect))
      signal.throwIfAborted()
      await this.#deps.spool.keep(target)
      const record = this.#record(target, header, { norm, verdict: 'accepted' })
      const counted = await this.#commits.submit({ record, access })
      if (counted === null) throw access.refusal ?? this.#missed(target)
      failpoint('after-row-before-receipt')
      return this.#receiptOf(counted)
    })
  }

  /** [R11] The same bytes get the same answer, for as long as the round is remembered; other bytes are refused. */
  #known(target: UploadTarget): UpdateRecord | undefined {
    const record = this.#deps.log.update(target.taskId, target.roundNumber, target.deviceId)
    if (record === undefined) return undefined
    if (record.sha256 !== target.sha256) throw new PanalError('conflicting-update')
    if (record.verdict !== 'accepted') throw new PanalError(record.verdict as ErrorCode)
    return record
  }

  /** [R10] What can be refused before a byte is read. */
  #admissible(target: UploadTarget, header?: UpdateHeader): LiveRound {
    const { task } = this.#deps
    const live = this.#deps.live()
    const round = this.#deps.latest()
    if (round === null || target.roundNumber > round.number) throw new PanalError('future-round')
    const asked = originOf(round, target.deviceId)
    const origin = asked?.roundNumber === target.roundNumber ? asked : undefined
    if (origin === undefined && target.roundNumber < round.number) throw this.#over('stale-round')
    if (origin === undefined && !this.#deps.isMember(target.deviceId)) throw new PanalError('not-joined')
    if (origin === undefined || statusOf(round, target.deviceId) === 'declined') throw new PanalError('not-assigned')
    if (live === null || round.phase !== 'collecting') throw this.#missed(target)
    if (header === undefined) return live
    if (header.baseVersion !== origin.baseVersion)
      throw new PanalError('wrong-base', `round ${origin.roundNumber} starts from version ${origin.baseVersion}`)
    if (header.codec !== task.codec.name) throw new PanalError('unknown-codec', `the plan asks for ${task.codec.name}`)
    if (header.baseSha256 !== undefined && header.baseSha256 !== origin.baseSha256)
      throw new PanalError('wrong-base', 'the weights of this round’s base version have another digest')
    const maxBytes = task.codec.maxBytes(task.layout)
    const detail = `an update of this model has at most ${maxBytes} bytes`
    if (header.bytes > farTooLong * maxBytes) throw new PanalError('too-large', detail)
    if (header.bytes > maxBytes) throw new PanalError('wrong-length', detail)
    return live
  }

  /**
   * One upload per device at a time. A newer one stops an older (whose connection may be dead and not know it) and
   * waits for its end: two must never write one file. While it waits it may itself be stopped, by a newer one or by the
   * device's revocation.
   */
  async #alone<T>(
    target: UploadTarget,
    live: LiveRound,
    work: (signal: AbortSignal, access: Access) => Promise<T>,
  ): Promise<T> {
    const key = `${target.roundNumber}/${target.deviceId}`
    const older = this.#uploads.get(key)
    older?.stop.abort(new PanalError('superseded', 'a newer upload of this device took over'))
    const stop = new AbortController()
    const access = older?.access ?? {}
    const signal = AbortSignal.any([stop.signal, live.whileCollecting])
    const inTurn = async () => {
      await older?.done
      signal.throwIfAborted()
      return await work(signal, access)
    }
    const running = inTurn()
    const done = running.then(
      () => undefined,
      () => undefined,
    )
    const upload = { stop, done, access }
    this.#uploads.set(key, upload)
    try {
      return await running
    } catch (error) {
      throw this.#translated(error, target)
    } finally {
      if (this.#uploads.get(key) === upload) this.#uploads.delete(key)
    }
  }

  /** Decodes an update and runs the task's checks; a refusal is recorded, so that it is final [R12]. Returns the L2 norm. */
  async #judge({ target, header, live, signal }: Upload, read: Parameters<Inspect>[0]): Promise<number> {
    const { task, spool, log, clock } = this.#deps
    try {
      return await this.#decoders.use(async ({ bytes, params }) => {
        const delta = task.codec.decode(await read(bytes), task.layout, params)
        const norm = l2Norm(delta)
        for (const each of task.strategy.checks) orThrow(each.check({ delta, norm, numExamples: header.numExamples }))
        return norm
      })
    } catch (error) {
      if (!(error instanceof PanalError)) throw error
      signal.throwIfAborted() // the round it was judged for is over: there is nothing left to refuse
      const record = heardIn(live.round, this.#record(target, header, { norm: 0, verdict: error.code }))
      const event = { type: 'rejected', deviceId: target.deviceId, code: error.code, at: clock.now() } as const
      live.dispatch(event, () => log.recordUpdates([record]))
      await spool.drop(target)
      throw error
    }
  }

  /** Makes a batch durable and counts it: names synced, then rows and the round's move in one transaction. */
  async #commit(entries: readonly Entry[]): Promise<(UpdateRecord | null)[]> {
    const { spool, log, clock } = this.#deps
    const live = this.#deps.live()
    const isAwaited = ({ record }: Entry): boolean =>
      live !== null && originOf(live.round, record.deviceId)?.roundNumber === record.roundNumber
    const awaited = entries.filter(isAwaited)
    if (live === null || awaited.length === 0) return entries.map(() => null)
    for (const number of new Set(awaited.map(({ record }) => record.roundNumber)))
      await spool.sync(live.round.taskId, number)
    failpoint('before-row')
    let next = live.round
    const tally = { ...live.tally }
    const counted = entries.map((entry): UpdateRecord | null => {
      if (!isAwaited(entry) || entry.access.refusal !== undefined) return null
      const record = heardIn(next, entry.record)
      const after = advance(next, { type: 'accepted', deviceId: record.deviceId, at: clock.now() })
      if (after === next) return null
      next = after
      addUpdate(tally, record)
      return record
    })
    const accepted = counted.filter((record) => record !== null)
    if (accepted.length > 0) live.replace(next, () => log.recordUpdates(accepted), tally)
    return counted
  }

  #record(target: UploadTarget, header: UpdateHeader, found: { norm: number; verdict: string }): UpdateRecord {
    return {
      ...target,
      ...found,
      bytes: header.bytes,
      numExamples: header.numExamples,
      weight: this.#deps.task.strategy.weight(header.numExamples),
      receivedAt: this.#deps.clock.now(),
      ...(header.trainMs !== undefined && { trainMs: header.trainMs }),
      ...(header.lossBefore !== undefined && { lossBefore: header.lossBefore }),
      ...(header.lossAfter !== undefined && { lossAfter: header.lossAfter }),
    }
  }

  /** The same for the same update, but for the signature of a server whose key has changed since. */
  #receiptOf(record: UpdateRecord): Receipt {
    const { taskId, roundNumber, deviceId, sha256, weight, norm, countedRound, receivedAt } = record
    return this.#deps.sign({
      statement: 'receipt',
      taskId,
      roundNumber,
      deviceId,
      sha256,
      weight,
      norm,
      ...(countedRound !== undefined && { countedRound }),
      receivedAt,
    })
  }

  #over(code: 'round-closed' | 'stale-round'): PanalError {
    const summary = this.#deps.live()?.summary
    const retryAfterMs = this.#deps.task.document.rounds.minIntervalMs
    const told = summary && { extra: { round: toldToDevices(summary) } }
    return new PanalError(code, undefined, { retryAfterMs, ...told })
  }

  /** The round is over: come back when the next one is open, if the update may count in that. [R25] */
  #missed({ deviceId }: UploadTarget): PanalError {
    const { task, clock, latest, nextRoundInMs } = this.#deps
    const round = latest()
    if (round === null || heldTo(round, deviceId, task.document, clock.now()) === null)
      return this.#over('round-closed')
    const again = { retryAfterMs: Math.max(retryBetweenMs, nextRoundInMs() ?? task.document.lease.heartbeatMs) }
    return new PanalError('busy', 'no round is open; the next one takes this update', again)
  }

  #translated(error: unknown, target: UploadTarget): unknown {
    if (error instanceof RoundOver) return this.#missed(target)
    return isDiskFull(error) ? diskFull(error) : error
  }
}
