import { checkName, makeRng, type CheckResult, type GateVerdict } from '@panal/client-core'
import { makeGateChecks } from '../checks/registry.ts'
import { runChecks } from '../run-checks.ts'
import { overallVerdict } from '../verdict.ts'
import type { Evaluation } from '../contract.ts'
import { accuracy } from '../statistics/accuracy.ts'
import { meanLogLoss } from '../statistics/log-loss.ts'
import { openRun } from './open-run.ts'
import type { Recording } from './recording.ts'
import { isUnavailable, type Setting } from './scenario.ts'
import { scenarios, type ScenarioName } from './scenarios/registry.ts'

/** What the gate said in one run. */
export interface RunOutcome {
  readonly run: number
  readonly verdict: GateVerdict
  /** Names of the checks that blocked. */
  readonly blockedBy: readonly string[]
  /** The part of the examples that the fault is in. */
  readonly about?: string
  /** What the candidate is better by than the champion, on the drawn gate set. */
  readonly gain: Gain
  /** p-values of harm, by what they are of. */
  readonly pValues: readonly (readonly [string, number])[]
}

export interface Gain {
  readonly accuracy: number
  /** In nats, champion − candidate. */
  readonly logLoss: number
}

/** Checks whose rows test H₀ "no worse", which equal models are at the edge of. */
const testingHarm: ReadonlySet<string> = new Set(['segments', 'masking', 'slices', 'robustness'])

/** Judges run after run, each by itself: the seed and its number decide all of it. */
export interface Runner {
  run(scenario: ScenarioName, setting: number, run: number): Promise<RunOutcome>
}

export function makeRunner(recording: Recording, seed: number): Runner {
  const checks = makeGateChecks(recording.checks)
  const opened = new Map<ScenarioName, readonly Setting[]>()
  const settingsOf = (name: ScenarioName): readonly Setting[] => {
    const known = opened.get(name) ?? scenarios[name].settings(recording)
    if (isUnavailable(known)) throw new Error(`${name}: ${known.because}`)
    opened.set(name, known)
    return known
  }
  const never = new AbortController().signal
  return {
    run: async (name, place, run) => {
      const ownSeed = `${seed}/run ${run}`
      const staged = settingsOf(name)[place]!.stage(makeRng(`${ownSeed}/stage`))
      const evaluation = openRun(recording, staged, ownSeed)
      const results = await runChecks(checks, (check) => check.judge(evaluation), { signal: never })
      const { verdict } = overallVerdict({ checks, results, firstModel: false, sameAsChampion: false })
      return {
        run,
        verdict,
        blockedBy: results.filter((result) => result.verdict === 'BLOCK').map(checkName),
        ...(staged.about !== undefined && { about: staged.about }),
        gain: await gainOf(evaluation),
        pValues: pValuesOf(results),
      }
    },
  }
}

async function gainOf({ candidate, champion }: Evaluation): Promise<Gain> {
  const [own, theirs] = [await candidate.on('gate'), await champion!.on('gate')]
  return { accuracy: accuracy(own) - accuracy(theirs), logLoss: meanLogLoss(theirs) - meanLogLoss(own) }
}

/** Of each thing that is tested in every run, one: of slices, which are others in each run, the first. */
function pValuesOf(results: readonly CheckResult[]): (readonly [string, number])[] {
  const found = new Map<string, number>()
  for (const { check, rows } of results) {
    if (!testingHarm.has(check)) continue
    for (const { metric, segment, p } of rows) {
      const of = segment === undefined || check === 'slices' || check === 'masking' ? '' : `, ${segment}`
      const key = `${check}: ${metric}${of}`
      if (p !== undefined && !found.has(key)) found.set(key, p)
    }
  }
  return [...found]
}
