import type { Clock, GateReport, Params } from '@panal/client-core'
import { makeGateChecks } from './checks/registry.ts'
import type { Evaluator, Gate, GateCheck, GateSubject, ModelRef, OnCheck, VariedPredictions } from './contract.ts'
import type { JudgeThread, Trial } from './judge-thread.ts'
import { makeJudgeThreads, type JudgeThreads } from './judge-threads.ts'
import type { CandidateScores } from './measure-candidate.ts'
import { makePredictionCache, type PredictionCache } from './prediction-cache.ts'
import { conclude, runChecks, type Judgement, type RunOptions } from './run-checks.ts'
import { makeSources } from './sources.ts'

export interface GateParts {
  readonly evaluator: Evaluator
  /** The weights of one stored version. @throws PanalError 'unknown-version' */
  readonly loadParams: (taskId: string, model: ModelRef) => Promise<Params>
  readonly clock: Clock
  /** Predictions kept between rounds, so that base, champion and anchor are not run again. Default: 64 MiB of its own. */
  readonly cache?: PredictionCache
  /** Likewise, of predictions on varied examples. */
  readonly variedCache?: PredictionCache<VariedPredictions>
  /** Where checks are made. Default: two of its own. */
  readonly threads?: JudgeThreads
}

/**
 * The offline evaluation gate: makes the task's checks in order and draws one verdict from them. Models run in the
 * evaluator's thread and checks in another; this one only carries what the first answers to the second.
 */
export function makeGate({ clock, threads = makeJudgeThreads(), ...given }: GateParts): Gate {
  const parts = { cache: makePredictionCache(), variedCache: makePredictionCache<VariedPredictions>(), ...given }

  const judge = async (subject: GateSubject, signal: AbortSignal, onCheck?: OnCheck): Promise<GateReport> => {
    const { document, candidate, champion, anchor } = subject
    const open = (): Trial => ({ subject, sources: makeSources(subject, parts, signal), signal })
    return threads.use(signal, async (thread) => {
      // Of its turn, for which it may have waited.
      const judgedAt = clock.now()
      const judgement = await judgeIn(thread, open, { signal, onCheck })
      return {
        taskId: document.id,
        version: candidate.version,
        champion: champion?.version ?? null,
        anchor: anchor?.version ?? null,
        ...judgement,
        datasetDigests: { evaluation: document.sets.evaluation, gate: document.sets.gate },
        judgedAt,
        durationMs: clock.now() - judgedAt,
      }
    })
  }

  return {
    judge,
    close: async () => {
      await Promise.all([threads.close(), parts.evaluator.close()])
    },
  }
}

async function judgeIn(thread: JudgeThread, open: () => Trial, options: RunOptions): Promise<Judgement> {
  let trial = open()
  const checks = makeGateChecks(trial.subject.document.gate.checks)
  const run = () => runChecks(checks, (_, index) => thread.run({ type: 'check', index }, trial), options)
  let results = await run()
  if (results.some(({ verdict }, index) => verdict === 'ERROR' && isIntegrity(checks, index))) {
    // The evaluator may have died under it: it is judged once more now, for nobody may come to have it judged again.
    trial = open()
    results = await run()
  }
  return conclude(checks, results, trial.subject, await scoresOf(thread, trial))
}

const isIntegrity = (checks: readonly GateCheck[], index: number): boolean => checks[index]?.integrity === true

/** None where the thread dies of it. @throws the signal's reason only */
async function scoresOf(thread: JudgeThread, trial: Trial): Promise<CandidateScores> {
  try {
    return await thread.run({ type: 'measure' }, trial)
  } catch {
    trial.signal.throwIfAborted()
    return { evaluation: null, gate: null, figures: [] }
  }
}
