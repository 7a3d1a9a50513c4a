import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Type, type Static } from 'typebox'
import Value from 'typebox/value'
import { bytesToParams, paramsToBytes, sha256Of } from '@panal/server'
import { damagedFile, storedObject } from './damaged-file.ts'
import type { ExperimentError } from './experiment-error.ts'
import { dropOtherBases, keepBases, readBases } from './kept-bases.ts'
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

const Count = Type.Integer({ minimum: 0 })

/** Of the bytes: behind it lie the vectors, in this order. */
const Header = Type.Object({
  identity: Type.String(),
  now: Type.Number(),
  roundsBytes: Count,
  wallMs: Type.Number(),
  cpuMs: Type.Number(),
  peakMemoryBytes: Count,
  version: Count,
  lastRound: Count,
  /** The last round, and the versions that its devices still train from: files beside this one. */
  earlier: Type.Optional(
    Type.Object({
      round: Type.Unsafe<Earlier['round']>(Type.Object({})),
      bases: Type.Array(Type.Object({ version: Count, sha256: Type.String() })),
    }),
  ),
  /** Of the parts behind it, in bytes. */
  lengths: Type.Array(Count, { minItems: 4 }),
})
type Header = Static<typeof Header>

/** The file begins with the SHA-256 of all that comes behind it, in a line of its own: 64 hex digits and its end. */
const digestLength = 65

const fileIn = (folder: string): string => join(folder, 'checkpoint')

/** Durable when it resolves; what was there before stays until then, whole. */
export async function writeCheckpoint(folder: string, { head, lastRounds, ...rest }: Checkpoint): Promise<void> {
  const parts = [head.params, head.optimizerState].map(paramsToBytes)
  parts.push(new Uint8Array(lastRounds.buffer, lastRounds.byteOffset, lastRounds.byteLength))
  parts.push(head.aggregate === undefined ? new Uint8Array() : paramsToBytes(head.aggregate))
  for (const norms of head.norms ?? []) parts.push(new Uint8Array(Float64Array.from(norms).buffer))
  const header: Header = {
    ...rest,
    version: head.version,
    lastRound: head.lastRound,
    ...(head.earlier !== undefined && {
      earlier: { round: head.earlier.round, bases: await keepBases(folder, head.earlier) },
    }),
    lengths: parts.map(({ length }) => length),
  }
  const bytes = Buffer.concat([Buffer.alloc(digestLength), Buffer.from(`${JSON.stringify(header)}\n`), ...parts])
  bytes.write(`${sha256Of(bytes.subarray(digestLength))}\n`)
  await writeDurably(fileIn(folder), bytes)
  if (head.earlier !== undefined) await dropOtherBases(folder, head.earlier.bases)
}

/** Undefined where there is none. @throws ExperimentError 'damaged-checkpoint' */
export async function readCheckpoint(folder: string): Promise<Checkpoint | undefined> {
  const bytes = await readFile(fileIn(folder)).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  })
  if (bytes === undefined) return undefined
  const content = bytes.subarray(digestLength)
  if (bytes.subarray(0, digestLength).toString() !== `${sha256Of(content)}\n`) throw damaged(folder)
  const end = content.indexOf('\n')
  const { version, lastRound, earlier, lengths, ...rest } = headerOf(content.subarray(0, Math.max(0, end)), folder)
  const body = content.subarray(end + 1)
  if (lengths.reduce((sum, length) => sum + length, 0) !== body.length) throw damaged(folder)
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
  const header = storedObject(new TextDecoder().decode(line), fileIn(folder))
  if (!Value.Check(Header, header)) throw damaged(folder)
  return header
}

const damaged = (folder: string): ExperimentError => damagedFile(fileIn(folder))
