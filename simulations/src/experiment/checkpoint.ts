import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bytesToParams, paramsToBytes, sha256Of } from '@panal/server'
import { damagedFile } from './damaged-file.ts'
import type { ExperimentError } from './experiment-error.ts'
import { dropOtherBases, keepBases, readBases, type KeptBase } from './kept-bases.ts'
import type { Earlier, Head } from './memory-registry.ts'
import { writeDurably } from './write-durably.ts'

/** A run between two rounds: with its experiment and data, all that the rest depends on. */
export interface Checkpoint {
  /** Of experiment, seed, data and program: a run goes on only as what it began as. */
  readonly identity: string
  readonly head: Head
  /** Virtual time. */
  readonly now: number
  /** [numDevices] Number of the last round each device was asked in; 0 if never. */
  readonly lastRounds: Uint32Array
  /** Length of the rounds' file up to this round: what is behind it was written by a round that a stop undid. */
  readonly roundsBytes: number
  /** Real time spent so far, ms. */
  readonly wallMs: number
  readonly cpuMs: number
  readonly peakMemoryBytes: number
}

interface Header extends Omit<Checkpoint, 'head' | 'lastRounds'> {
  readonly version: number
  readonly lastRound: number
  /** The last round, and the versions that its devices still train from: files beside this one. */
  readonly earlier?: { readonly round: Earlier['round']; readonly bases: readonly KeptBase[] }
  /** Lengths of the parts behind the header, in bytes, and the SHA-256 of all. */
  readonly lengths: readonly number[]
  readonly sha256: string
}

const fileIn = (folder: string): string => join(folder, 'checkpoint')

/** Durable when it resolves; what was there before stays until then, whole. */
export async function writeCheckpoint(folder: string, { head, lastRounds, ...rest }: Checkpoint): Promise<void> {
  const parts = [head.params, head.optimizerState].map(paramsToBytes)
  parts.push(new Uint8Array(lastRounds.buffer, lastRounds.byteOffset, lastRounds.byteLength))
  parts.push(head.aggregate === undefined ? new Uint8Array() : paramsToBytes(head.aggregate))
  for (const norms of head.norms ?? []) parts.push(new Uint8Array(Float64Array.from(norms).buffer))
  const body = Buffer.concat(parts)
  const header: Header = {
    ...rest,
    version: head.version,
    lastRound: head.lastRound,
    ...(head.earlier !== undefined && {
      earlier: { round: head.earlier.round, bases: await keepBases(folder, head.earlier) },
    }),
    lengths: parts.map(({ length }) => length),
    sha256: sha256Of(body),
  }
  await writeDurably(fileIn(folder), Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), body]))
  if (head.earlier !== undefined) await dropOtherBases(folder, head.earlier.bases)
}

/** Undefined where there is none. @throws ExperimentError 'damaged-checkpoint' */
export async function readCheckpoint(folder: string): Promise<Checkpoint | undefined> {
  const bytes = await readFile(fileIn(folder)).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  })
  if (bytes === undefined) return undefined
  const end = bytes.indexOf('\n')
  const { version, lastRound, earlier, lengths, sha256, ...rest } = headerOf(
    bytes.subarray(0, Math.max(0, end)),
    folder,
  )
  const body = bytes.subarray(end + 1)
  if (sha256Of(body) !== sha256) throw damaged(folder)
  let from = 0
  const parts = lengths.map((length) => body.subarray(from, (from += length)))
  const [params, optimizerState, lastRounds, aggregate, ...norms] = parts
  return {
    ...rest,
    head: {
      version,
      lastRound,
      params: bytesToParams(params!),
      optimizerState: bytesToParams(optimizerState!),
      ...(earlier !== undefined && {
        earlier: { round: earlier.round, bases: await readBases(folder, earlier.bases, () => damaged(folder)) },
      }),
      ...(aggregate !== undefined && aggregate.length > 0 && { aggregate: bytesToParams(aggregate) }),
      ...(norms.length > 0 && { norms: norms.map((bytes) => [...new Float64Array(new Uint8Array(bytes).buffer)]) }),
    },
    lastRounds: new Uint32Array(new Uint8Array(lastRounds!).buffer),
  }
}

function headerOf(line: Uint8Array, folder: string): Header {
  try {
    return JSON.parse(new TextDecoder().decode(line)) as Header
  } catch (cause) {
    throw damaged(folder, cause)
  }
}

const damaged = (folder: string, cause?: unknown): ExperimentError => damagedFile(fileIn(folder), { cause })
