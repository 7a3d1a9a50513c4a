import type { Figure, Metrics } from '@panal/client-core'
import type { Evaluation, JudgedModel, JudgedSet } from './contract.ts'
import { modelFigures } from './report/model-figures.ts'
import { accuracy } from './statistics/accuracy.ts'
import { meanLogLoss } from './statistics/log-loss.ts'

/** What a report says of the candidate beside the checks. Null and none where it cannot be run. */
export interface CandidateScores {
  readonly evaluation: Metrics | null
  readonly gate: Metrics | null
  readonly figures: readonly Figure[]
}

/** @throws the signal's reason only */
export async function measureCandidate(evaluation: Evaluation, signal: AbortSignal): Promise<CandidateScores> {
  const { candidate } = evaluation
  return {
    evaluation: await measure(candidate, 'evaluation', signal),
    gate: await measure(candidate, 'gate', signal),
    figures: await figuresOf(evaluation, signal),
  }
}

/** None where the model cannot be run. */
async function figuresOf(evaluation: Evaluation, signal: AbortSignal): Promise<Figure[]> {
  try {
    const { classes } = await evaluation.examples('evaluation')
    return modelFigures(await evaluation.candidate.on('evaluation'), classes)
  } catch {
    signal.throwIfAborted()
    return []
  }
}

/** Null where the model cannot be run, or gives no probabilities; the checks have said why. */
async function measure(model: JudgedModel, set: JudgedSet, signal: AbortSignal): Promise<Metrics | null> {
  try {
    const predictions = await model.on(set)
    if (predictions.labels.length === 0) return null
    return {
      numExamples: predictions.labels.length,
      accuracy: accuracy(predictions),
      logLoss: meanLogLoss(predictions),
    }
  } catch {
    signal.throwIfAborted()
    return null
  }
}
