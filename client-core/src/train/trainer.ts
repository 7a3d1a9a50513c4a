import type { Dataset } from '../data/dataset.ts'
import type { Layout, Params } from '../model/layout.ts'
import type { Rng } from '../model/rng.ts'
import type { Plan } from '../protocol/task.ts'
import type { Correction } from './correction/correction.ts'

export interface LocalResult {
  /** local − base, clipped to `plan.clipNorm`. */
  readonly delta: Params
  readonly numExamples: number
  readonly numSteps: number
  /** Mean training loss over the first and over the last epoch’s batches. */
  readonly lossBefore: number
  readonly lossAfter: number
  /** Time spent waiting for a backend that other devices share, ms: no part of the training. Absent: none. */
  readonly waitedMs?: number
}

export interface LocalMetrics {
  readonly numExamples: number
  readonly accuracy: number
  /** Mean −ln p of the true class, p clipped to [1e-7, 1]. */
  readonly logLoss: number
}

/** 0…1 of this round's local work, and the mean loss of the steps since the last call. */
export type TrainProgress = (fraction: number, loss: number) => void

/** What training may be given beside what it must have. */
export interface TrainOptions {
  readonly onProgress?: TrainProgress
  /** What the device's plan corrects its gradients by, if it does. */
  readonly correction?: Pick<Correction, 'proximalTerm'> & { readonly offset: Params }
  /** [size] What the proximal terms draw to. Default: the base. */
  readonly centre?: Params
  /** Whose weights move: those of all layers, or of the last one that has any to train. Default: all. */
  readonly layers?: 'all' | 'last'
}

/** Trains one model on one device. Holds no tensors between calls. */
export interface Trainer {
  readonly layout: Layout
  /** @throws the signal's reason when aborted; leaves no tensor behind. */
  train(
    base: Params,
    plan: Plan,
    data: Dataset,
    rng: Rng,
    signal: AbortSignal,
    options?: TrainOptions,
  ): Promise<LocalResult>
  evaluate(params: Params, data: Dataset, signal?: AbortSignal): Promise<LocalMetrics>
  /** Class probabilities [numExamples, numClasses]; a sigmoid output p becomes (1 − p, p). */
  predict(params: Params, data: Dataset, signal?: AbortSignal): Promise<Float32Array>
  dispose(): void
}
