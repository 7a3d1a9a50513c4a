import { codecs } from '../codec/registry.ts'
import type { Dataset } from '../data/dataset.ts'
import { makeRng } from '../model/rng.ts'
import { PanalError, refuse, type Refusal } from '../protocol/errors.ts'
import { maxTrainMs, type Assignment, type Receipt } from '../protocol/messages.ts'
import type { LocalResult, Trainer } from '../train/trainer.ts'
import { isTransient } from '../transport/retry.ts'
import { baseWeights } from './base-cache.ts'
import { needsJoin } from './refusals.ts'
import type { DeviceRuntime } from './runtime.ts'
import type { SessionEvent, SessionState } from './session-state.ts'
import { writeJson } from './stored-json.ts'

/** How far the work on an assignment is. */
export type WorkState = Extract<SessionState, { state: 'downloading' | 'training' | 'uploading' }>

/** What came of an update that reached the server, as the session tells it. */
export type UpdateVerdict = Extract<SessionEvent, { type: 'accepted' | 'refused' }>

/** What the work on an assignment is done with. */
export interface WorkTools {
  readonly runtime: DeviceRuntime
  readonly trainer: Trainer
  readonly data: Dataset
  /** Resolves once the device has joined (again). */
  readonly rejoin: (signal: AbortSignal) => Promise<void>
}

/**
 * The device's part of one round, in a straight line: base weights → local training → encoded delta → upload.
 * A verdict of the server is a value; everything else that goes wrong is thrown.
 */
export async function perform(
  assignment: Assignment,
  tools: WorkTools,
  signal: AbortSignal,
  onProgress: (state: WorkState) => void,
): Promise<UpdateVerdict> {
  const { runtime, trainer, data } = tools
  const { roundNumber, plan } = assignment

  onProgress({ state: 'downloading', roundNumber, fraction: 0 })
  const { bytes: baseBytes, bytesDown } = await baseWeights(runtime, assignment, signal, (fraction) =>
    onProgress({ state: 'downloading', roundNumber, fraction }),
  )
  // Weights travel as raw little-endian floats, as the f32 codec writes them: this checks their number, too.
  const base = codecs.f32.decode(baseBytes, trainer.layout)
  signal.throwIfAborted()

  onProgress({ state: 'training', roundNumber, fraction: 0, loss: null })
  const startedAt = runtime.clock.now()
  const local = await trainer.train(base, plan, data, makeRng(assignment.seed), signal, (fraction, loss) =>
    onProgress({ state: 'training', roundNumber, fraction, loss }),
  )
  // A clock that is set in between must not cost the update.
  const trainMs = Math.min(maxTrainMs, Math.max(0, runtime.clock.now() - startedAt - (local.waitedMs ?? 0)))
  signal.throwIfAborted()

  const bytes = codecs[plan.codec].encode(local.delta, trainer.layout)
  const outcome = await uploadUpdate(assignment, { bytes, local, trainMs }, tools, signal, onProgress)
  if (!outcome.ok) return { type: 'refused', roundNumber, code: outcome.code, detail: outcome.detail }

  const { receipt } = outcome
  await writeJson(runtime.storage, `receipt/${receipt.taskId}/${receipt.roundNumber}`, receipt).catch(() => undefined)
  const { lossBefore, lossAfter } = local
  return { type: 'accepted', receipt, lossBefore, lossAfter, trainMs, bytesDown, bytesUp: bytes.length }
}

async function uploadUpdate(
  { taskId, roundNumber, baseVersion, baseSha256, plan }: Assignment,
  { bytes, local, trainMs }: { bytes: Uint8Array; local: LocalResult; trainMs: number },
  { runtime, rejoin }: WorkTools,
  signal: AbortSignal,
  onProgress: (state: WorkState) => void,
): Promise<{ readonly ok: true; readonly receipt: Receipt } | Refusal> {
  const { numExamples, numSteps, lossBefore, lossAfter } = local
  const header = {
    codec: plan.codec,
    baseVersion,
    baseSha256,
    numExamples,
    numSteps,
    trainMs,
    // JSON has no NaN: a loss that diverged is left out, and the server judges the update itself.
    ...(Number.isFinite(lossBefore) ? { lossBefore } : {}),
    ...(Number.isFinite(lossAfter) ? { lossAfter } : {}),
  }
  for (let rejoined = false; ; rejoined = true) {
    onProgress({ state: 'uploading', roundNumber, fraction: 0 })
    try {
      const request = { taskId, roundNumber, bytes, header }
      const receipt = await runtime.transfer.upload(request, signal, (fraction) =>
        onProgress({ state: 'uploading', roundNumber, fraction }),
      )
      return { ok: true, receipt }
    } catch (error) {
      if (signal.aborted || isTransient(error) || !(error instanceof PanalError)) throw error
      if (rejoined || !needsJoin.has(error.code)) return refuse(error.code, error.message, error.retryAfterMs)
      await rejoin(signal)
    }
  }
}
