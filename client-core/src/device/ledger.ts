import { Type, type Static } from 'typebox'
import { CodecName } from '../protocol/task.ts'
import { RoundNumber, Sha256, TaskId, VersionNumber } from '../protocol/ids.ts'
import { Receipt } from '../protocol/manifest.ts'
import type { RoundSummary } from '../protocol/messages.ts'
import type { DeviceStorage } from './runtime.ts'
import { readJson, writeJson } from './stored-json.ts'

const Ms = Type.Number({ minimum: 0 })

/** One update that left this device, and what came of it. */
export const LedgerEntry = Type.Object({
  taskId: TaskId,
  roundNumber: RoundNumber,
  /** By this device's clock, when its first byte left. */
  sentAt: Ms,
  sha256: Sha256,
  bytes: Type.Integer(),
  codec: CodecName,
  numExamples: Type.Integer(),
  /** L2 norm of what was sent; null where it was not a number. */
  norm: Type.Union([Type.Number(), Type.Null()]),
  /** The bound it was scaled down to; null: none. */
  clipNorm: Type.Union([Type.Number(), Type.Null()]),
  /** What it was trained from, under which plan. */
  baseVersion: VersionNumber,
  planHash: Sha256,
  /** Mean training loss of the first and the last epoch; null where it was not a number. */
  lossBefore: Type.Union([Type.Number(), Type.Null()]),
  lossAfter: Type.Union([Type.Number(), Type.Null()]),
  trainMs: Ms,
  bytesDown: Type.Integer(),
  /** The server's signed verdict. */
  receipt: Type.Optional(Receipt),
  /** Code of the server's refusal; `untrusted` where its receipt did not hold, and it may have counted the update. */
  refused: Type.Optional(Type.String()),
  /** The version that it is part of; null: of none, the round came to nothing. Absent while that is not known. */
  countedIn: Type.Optional(Type.Union([VersionNumber, Type.Null()])),
})
export type LedgerEntry = Static<typeof LedgerEntry>

const prefixOf = (taskId: string) => `ledger/${taskId}/`
/** Ten digits, so that keys sort as rounds do. */
const keyOf = (taskId: string, roundNumber: number) => prefixOf(taskId) + String(roundNumber).padStart(10, '0')

/** What a device has sent, for its owner: written before the first byte leaves. */
export const writeEntry = (storage: DeviceStorage, entry: LedgerEntry): Promise<void> =>
  writeJson(storage, keyOf(entry.taskId, entry.roundNumber), entry)

/** All of a task, the newest first. What cannot be read any more is left out. */
export async function readLedger(storage: DeviceStorage, taskId: string): Promise<LedgerEntry[]> {
  const keys = (await storage.keys(prefixOf(taskId))).sort().reverse()
  const entries = await Promise.all(keys.map((key) => readJson(storage, key, LedgerEntry)))
  return entries.filter((entry) => entry !== undefined)
}

/**
 * Notes in which version the updates are that count in a closed round, if this device sent any; it may have been asked for
 * them up to `maxStaleness` rounds before. Resolves with the rounds that it was asked in. A storage that fails costs a line of
 * the ledger, never the session.
 */
export const noteOutcome = (storage: DeviceStorage, round: RoundSummary, maxStaleness: number): Promise<number[]> =>
  noted(storage, round, maxStaleness).catch(() => [])

async function noted(
  storage: DeviceStorage,
  { taskId, number, phase, candidateVersion }: RoundSummary,
  maxStaleness: number,
): Promise<number[]> {
  if (phase !== 'closed') return []
  const found: number[] = []
  for (const key of await keysBetween(storage, taskId, { first: Math.max(0, number - maxStaleness), last: number })) {
    const entry = await readJson(storage, key, LedgerEntry)
    if (entry?.receipt === undefined || entry.countedIn !== undefined) continue
    if ((entry.receipt.countedRound ?? entry.roundNumber) !== number) continue
    await writeEntry(storage, { ...entry, countedIn: candidateVersion ?? null })
    found.push(entry.roundNumber)
  }
  return found
}

async function keysBetween(
  storage: DeviceStorage,
  taskId: string,
  { first, last }: { readonly first: number; readonly last: number },
): Promise<string[]> {
  const [from, to] = [keyOf(taskId, first), keyOf(taskId, last)]
  if (from === to) return [from]
  return (await storage.keys(prefixOf(taskId))).filter((key) => from <= key && key <= to)
}
