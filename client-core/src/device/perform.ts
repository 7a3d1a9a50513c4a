import { codecs } from '../codec/registry.ts'
import type { Dataset } from '../data/dataset.ts'
import type { Params } from '../model/layout.ts'
import { makeRng } from '../model/rng.ts'
import { PanalError, refuse, type Refusal } from '../protocol/errors.ts'
import type { DeviceId } from '../protocol/ids.ts'
import type { Receipt } from '../protocol/manifest.ts'
import { maxTrainMs, type Assignment } from '../protocol/messages.ts'
import { l2Norm } from '../privacy/clip.ts'
import { holdoutSalt, splitHeldOut, type HeldOutSplit } from '../train/held-out.ts'
import type { LocalResult, Trainer } from '../train/trainer.ts'
import { defaultRetryPolicy, isTransient, retryDelayMs } from '../transport/retry.ts'
import { baseWeights } from './base-cache.ts'
import { roundCorrection } from './kept-correction.ts'
import { writeEntry, type LedgerEntry } from './ledger.ts'
import { needsJoin } from './refusals.ts'
import type { DeviceRuntime } from './runtime.ts'
import type { SessionEvent, SessionState } from './session-state.ts'
import type { Trust } from './trust.ts'

/** How far the work on an assignment is. */
export type WorkState = Extract<SessionState, { state: 'downloading' | 'training' | 'uploading' }>

/** What came of an update that reached the server, as the session tells it. */
export type UpdateVerdict = Extract<SessionEvent, { type: 'accepted' | 'refused' }>

/** The verdict, and what the update was made of, for what the device does with it for itself. */
export interface Performed {
  readonly verdict: UpdateVerdict
  readonly used: HeldOutSplit & { readonly base: Params }
}

/** What the work on an assignment is done with. */
export interface WorkTools {
  readonly runtime: DeviceRuntime
  readonly deviceId: DeviceId
  readonly trainer: Trainer
  readonly data: Dataset
  readonly trust: Trust
  /** Resolves once the device has joined (again). */
  readonly rejoin: (signal: AbortSignal) => Promise<void>
}

/**
 * The device's part of one round, in a straight line: base weights → local training → encoded delta → ledger → upload.
 * The manifest is to be accepted before. A verdict of the server is a value; everything else that goes wrong is thrown.
 */
export async function perform(
  assignment: Assignment,
  tools: WorkTools,
  signal: AbortSignal,
  onProgress: (state: WorkState) => void,
): Promise<Performed> {
  const { runtime, trainer } = tools
  const { roundNumber, manifest } = assignment
  const { plan } = manifest
  const split = splitHeldOut(tools.data, plan, holdoutSalt(assignment.taskId, tools.deviceId))

  onProgress({ state: 'downloading', roundNumber, fraction: 0 })
  const weights = await baseWeights(runtime, manifest, signal, (fraction) =>
    onProgress({ state: 'downloading', roundNumber, fraction }),
  )
  // Weights travel as raw little-endian floats, as the f32 codec writes them: this checks their number, too.
  const base = codecs.f32.decode(weights.bytes, trainer.layout)
  const correction = await roundCorrection(runtime, manifest, trainer.layout, signal)
  const bytesDown = weights.bytesDown + (correction?.bytesDown ?? 0)
  signal.throwIfAborted()

  onProgress({ state: 'training', roundNumber, fraction: 0, loss: null })
  const startedAt = runtime.clock.now()
  const local = await trainer.train(base, plan, split.train, makeRng(assignment.seed), signal, {
    onProgress: (fraction, loss) => onProgress({ state: 'training', roundNumber, fraction, loss }),
    ...(correction !== undefined && { correction: correction.given }),
  })
  // A clock that is set in between must not cost the update.
  const trainMs = Math.min(maxTrainMs, Math.max(0, runtime.clock.now() - startedAt - (local.waitedMs ?? 0)))
  signal.throwIfAborted()

  const bytes = codecs[plan.codec].encode(local.delta, trainer.layout)
  const entry: LedgerEntry = {
    ...figuresOf(assignment, local, { trainMs, bytesDown }),
    sentAt: runtime.clock.now(),
    sha256: await runtime.sha256(bytes),
    bytes: bytes.length,
  }
  await keep(runtime, entry)
  const used = { ...split, base }
  const outcome = await uploadUpdate(assignment, { bytes, local, entry }, tools, signal, onProgress)
  if (!outcome.ok) {
    await keep(runtime, { ...entry, refused: outcome.code })
    return { used, verdict: { type: 'refused', roundNumber, code: outcome.code, detail: outcome.detail } }
  }
  const { receipt } = outcome
  await keep(runtime, { ...entry, receipt })
  await correction?.keep(local.delta, local.numSteps)
  const { lossBefore, lossAfter } = local
  const figures = { lossBefore, lossAfter, trainMs, bytesDown, bytesUp: bytes.length }
  return { used, verdict: { type: 'accepted', receipt, ...figures } }
}

/** A storage that is full or forbidden costs a line of the ledger, never the round. */
const keep = ({ storage }: DeviceRuntime, entry: LedgerEntry): Promise<void> =>
  writeEntry(storage, entry).catch(() => undefined)

function figuresOf(
  { taskId, roundNumber, manifest }: Assignment,
  { delta, numExamples, lossBefore, lossAfter }: LocalResult,
  measured: Pick<LedgerEntry, 'trainMs' | 'bytesDown'>,
): Omit<LedgerEntry, 'sentAt' | 'sha256' | 'bytes'> {
  const { plan, planHash, version: baseVersion } = manifest
  // JSON has no NaN; the server refuses such an update.
  const finite = (value: number) => (Number.isFinite(value) ? value : null)
  return {
    taskId,
    roundNumber,
    codec: plan.codec,
    numExamples,
    norm: finite(l2Norm(delta)),
    clipNorm: plan.clipNorm ?? null,
    baseVersion,
    planHash,
    lossBefore: finite(lossBefore),
    lossAfter: finite(lossAfter),
    ...measured,
  }
}

async function uploadUpdate(
  { taskId, roundNumber, manifest }: Assignment,
  { bytes, local, entry }: { bytes: Uint8Array; local: LocalResult; entry: LedgerEntry },
  { runtime, deviceId, trust, rejoin }: WorkTools,
  signal: AbortSignal,
  onProgress: (state: WorkState) => void,
): Promise<{ readonly ok: true; readonly receipt: Receipt } | Refusal> {
  const { numExamples, numSteps } = local
  const { trainMs, lossBefore, lossAfter, sha256 } = entry
  const header = {
    codec: manifest.plan.codec,
    baseVersion: manifest.version,
    baseSha256: manifest.weightsSha256,
    numExamples,
    numSteps,
    trainMs,
    // A loss that diverged is left out, and the server judges the update itself.
    ...(lossBefore === null ? {} : { lossBefore }),
    ...(lossAfter === null ? {} : { lossAfter }),
  }
  for (let rejoins = 0; ; rejoins++) {
    onProgress({ state: 'uploading', roundNumber, fraction: 0 })
    try {
      const request = { taskId, roundNumber, bytes, sha256, header }
      const receipt = await runtime.transfer.upload(request, signal, (fraction) =>
        onProgress({ state: 'uploading', roundNumber, fraction }),
      )
      await trust.requireReceipt(receipt, { taskId, roundNumber, deviceId, sha256 }, signal)
      return { ok: true, receipt }
    } catch (error) {
      if (signal.aborted || isTransient(error) || !(error instanceof PanalError)) throw error
      if (!needsJoin.has(error.code) || (rejoins > 0 && error.code === 'unauthorized'))
        return refuse(error.code, error.message, error.retryAfterMs)
      // A server that is set up anew again and again is no reason to lose the update; one that never knows us gets time.
      if (rejoins > 0) await runtime.clock.sleep(retryDelayMs(rejoins, defaultRetryPolicy, runtime.rng), signal)
      await rejoin(signal)
    }
  }
}
