import { createHash, type Hash } from 'node:crypto'
import { mkdir, open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { finished, type Readable } from 'node:stream'
import { PanalError } from '@panal/client-core'
import { failpoint } from '../failpoint.ts'
import { syncFolder } from '../store/blob-files.ts'
import type { UploadTarget } from './contract.ts'

/** Bytes gathered before one write: fewer trips to the thread pool than one per 64 KiB socket chunk. */
const writeBytes = 512 * 1024
/** What all uploads together may gather: the more there are, the sooner each writes. */
const gatheredBytes = 32 * 2 ** 20

/** One upload: all of an update, or the rest of one. */
export interface Incoming extends Extent {
  readonly target: UploadTarget
  readonly body: Readable
  readonly signal: AbortSignal
}

/** Looks at a complete update before it is kept: `read` fills the start of a buffer with its bytes and returns them as a view. */
export type Inspect = (read: (into: Uint8Array) => Promise<Uint8Array>) => Promise<void>

interface Extent {
  /** Where the body starts in the update. */
  readonly offset: number
  /** Length of the whole update, as declared. */
  readonly numBytes: number
}

/**
 * Updates as files: `<task>/<round>/<device>.part` while they arrive, `<device>.update` once they count.
 * The memory it takes does not grow with their number or size.
 */
export class Spool {
  readonly #folder: string
  /** Folders that are there: one look at the disk for each round, not for each upload. */
  readonly #made = new Set<string>()
  #numReceiving = 0

  constructor(folder: string) {
    this.#folder = folder
  }

  folder(taskId: string, roundNumber: number): string {
    return join(this.#folder, taskId, String(roundNumber))
  }

  /** One a device, whatever digests it names: a device cannot fill the disk. Bytes of another update end as a wrong digest. */
  part(target: UploadTarget): string {
    return join(this.folder(target.taskId, target.roundNumber), `${target.deviceId}.part`)
  }

  update(target: Pick<UploadTarget, 'taskId' | 'roundNumber' | 'deviceId'>): string {
    return join(this.folder(target.taskId, target.roundNumber), `${target.deviceId}.update`)
  }

  async #makeFolder({ taskId, roundNumber }: UploadTarget): Promise<void> {
    const folder = this.folder(taskId, roundNumber)
    if (this.#made.has(folder)) return
    await mkdir(folder, { recursive: true })
    for (const parent of [join(this.#folder, taskId), this.#folder]) await syncFolder(parent)
    this.#made.add(folder)
  }

  /** Bytes held of an upload that has not been accepted. */
  async partBytes(target: UploadTarget): Promise<number> {
    return (await stat(this.part(target)).catch(() => undefined))?.size ?? 0
  }

  /**
   * Appends a body to the part file while hashing it, lets `inspect` read the whole, and syncs it. What arrived of a
   * cut body stays, to be resumed.
   * @throws PanalError 'bad-offset' | 'length-mismatch' | 'digest-mismatch', what `inspect` throws, or the signal's reason
   */
  async receive({ target, offset, numBytes, body, signal }: Incoming, inspect: Inspect): Promise<void> {
    await this.#makeFolder(target)
    const held = offset === 0 ? 0 : await this.partBytes(target)
    if (offset !== held)
      throw new PanalError('bad-offset', `the server holds ${held} bytes of this update; continue there`)
    const file = await open(this.part(target), offset === 0 ? 'w+' : 'r+')
    this.#numReceiving += 1
    const enough = () => Math.min(writeBytes, gatheredBytes / this.#numReceiving)
    try {
      const hash = createHash('sha256')
      await hashFile(file, offset, hash)
      await append(file, { offset, numBytes }, body, { hash, enough, signal })
      if (hash.digest('hex') !== target.sha256) {
        await this.drop(target)
        throw new PanalError('digest-mismatch')
      }
      await inspect((into) => readWhole(file, into))
      await file.datasync()
    } finally {
      this.#numReceiving -= 1
      await file.close()
    }
    failpoint('after-temp')
  }

  /** From part to update. The name is durable once `sync` has run. */
  async keep(target: UploadTarget): Promise<void> {
    await rename(this.part(target), this.update(target))
    failpoint('after-rename')
  }

  /** Makes the names in a round's folder durable. */
  async sync(taskId: string, roundNumber: number): Promise<void> {
    await syncFolder(this.folder(taskId, roundNumber))
  }

  async drop(target: UploadTarget): Promise<void> {
    await rm(this.part(target), { force: true })
  }

  /**
   * After the round `lastClosed`: the folders go of which no update counts in the newest `numKept` rounds or may count in
   * the next; those of which none may count any more lose what never became an update [R21]. Folders are those of the
   * rounds that devices were asked in, up to `maxStaleness` before the one that an update counts in.
   */
  async retire(
    taskId: string,
    lastClosed: number,
    { numKept, maxStaleness }: { readonly numKept: number; readonly maxStaleness: number },
  ): Promise<void> {
    const found = await readdir(join(this.#folder, taskId)).catch(() => [])
    for (const number of found.map(Number).filter((each) => each <= lastClosed - maxStaleness)) {
      if (number <= lastClosed - maxStaleness - numKept) await this.#discard(taskId, number)
      else await this.#dropParts(taskId, number)
    }
  }

  async #discard(taskId: string, roundNumber: number): Promise<void> {
    this.#made.delete(this.folder(taskId, roundNumber))
    await rm(this.folder(taskId, roundNumber), { recursive: true, force: true })
  }

  async #dropParts(taskId: string, roundNumber: number): Promise<void> {
    const folder = this.folder(taskId, roundNumber)
    const parts = (await readdir(folder)).filter((name) => name.endsWith('.part'))
    await Promise.all(parts.map((name) => rm(join(folder, name), { force: true })))
  }
}

async function append(
  file: FileHandle,
  { offset, numBytes }: Extent,
  body: Readable,
  { hash, enough, signal }: { hash: Hash; enough: () => number; signal: AbortSignal },
): Promise<void> {
  let position = offset
  let pending: Buffer[] = []
  let pendingBytes = 0
  const flush = async () => {
    await file.writev(pending, position - pendingBytes)
    pending = []
    pendingBytes = 0
  }
  try {
    for await (const chunk of chunks(body, signal)) {
      if (position + chunk.length > numBytes)
        throw new PanalError('length-mismatch', `the body goes on after the declared ${numBytes} bytes`)
      hash.update(chunk)
      pending.push(chunk)
      pendingBytes += chunk.length
      position += chunk.length
      if (pendingBytes >= enough()) {
        await flush()
        failpoint('mid-upload')
      }
    }
  } finally {
    if (pendingBytes > 0) await flush() // also of an upload that is stopped: it may go on in the next round
  }
  if (position < numBytes)
    throw new PanalError('length-mismatch', `the body ended at ${position} of ${numBytes} bytes; the rest may follow`)
}

/**
 * The chunks of a body until it ends, is cut (then the iteration just ends: what came is worth keeping) or the signal
 * aborts. Never destroys the stream, so that a refusal can still be answered on its connection. One wake-up function, not
 * a `Promise.race` per chunk: a race against a promise that stays open keeps every chunk in memory until the upload ends.
 * @throws the signal's reason
 */
async function* chunks(body: Readable, signal: AbortSignal): AsyncGenerator<Buffer> {
  const state = { isOver: false }
  let wake = (): void => undefined
  const stir = () => wake()
  const end = () => {
    state.isOver = true
    wake()
  }
  const forget = finished(body, { writable: false }, end)
  body.on('readable', stir)
  signal.addEventListener('abort', stir)
  try {
    for (;;) {
      signal.throwIfAborted()
      const chunk = (body.destroyed ? null : body.read()) as Buffer | null
      if (chunk !== null) yield chunk
      else if (state.isOver) return
      else await new Promise<void>((resolve) => (wake = resolve))
    }
  } finally {
    forget()
    body.off('readable', stir)
    signal.removeEventListener('abort', stir)
  }
}

async function hashFile(file: FileHandle, numBytes: number, hash: Hash): Promise<void> {
  if (numBytes === 0) return
  const buffer = Buffer.allocUnsafe(Math.min(numBytes, writeBytes))
  for (let position = 0; position < numBytes;) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, numBytes - position), position)
    if (bytesRead === 0) throw new PanalError('bad-offset')
    hash.update(buffer.subarray(0, bytesRead))
    position += bytesRead
  }
}

/** Fills the start of a buffer with a file, as far as the buffer reaches; a view of what was read. */
export async function readWhole(file: FileHandle, into: Uint8Array): Promise<Uint8Array> {
  let length = 0
  for (;;) {
    const { bytesRead } = await file.read(into, length, into.length - length, length)
    if (bytesRead === 0 || (length += bytesRead) === into.length) return into.subarray(0, length)
  }
}
