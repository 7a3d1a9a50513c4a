import type { CheckResult, GateReport } from '@panal/client-core'
import type { GateCheck } from './contract.ts'

export interface Judged {
  readonly checks: readonly GateCheck[]
  /** In the order of `checks`; shorter if an integrity check ended the gate. */
  readonly results: readonly CheckResult[]
  /** No version has been promoted yet, so nothing was compared. */
  readonly firstModel: boolean
  /** The candidate's weights are byte for byte the champion's. */
  readonly sameAsChampion: boolean
}

type Overall = Pick<GateReport, 'verdict' | 'reason'>

/** Whether the check is one of the task's thresholds: passing it says that the model is good. */
export const isThreshold = ({ integrity, judges = true }: GateCheck): boolean => !integrity && judges

/** Says that a model was looked at and found acceptable. */
const acceptable: readonly CheckResult['verdict'][] = ['PASS', 'WARN', 'NO_CHANGE']

/**
 * One verdict from many: BLOCK > ERROR > NO_CHANGE > NOT_ENOUGH_DATA > WARN > PASS, the reason being that of the first
 * check with the verdict that won. NOT_ENOUGH_DATA holds where the check is critical, and is a WARN where it is not: it is
 * never silently a pass. Nothing but a real judgement promotes: without a threshold, or where none could say anything, the
 * model is held. A first model has no champion to be compared with, so it must PASS each threshold that applies.
 */
export function overallVerdict({ checks, results, firstModel, sameAsChampion }: Judged): Overall {
  const judged = results.map((result, index) => ({ result, check: checks[index]! }))
  const say = ({ check, reason }: CheckResult): string => `${check}: ${reason}`
  const find = (wanted: (result: CheckResult, check: GateCheck) => boolean): CheckResult | undefined =>
    judged.find(({ result, check }) => wanted(result, check))?.result
  const hold = (reason: string): Overall => ({ verdict: 'NOT_ENOUGH_DATA', reason })

  const blocked = find(({ verdict }) => verdict === 'BLOCK')
  if (blocked !== undefined) return { verdict: 'BLOCK', reason: say(blocked) }
  const failed = find(({ verdict }) => verdict === 'ERROR')
  if (failed !== undefined) return { verdict: 'ERROR', reason: say(failed) }
  if (sameAsChampion) return { verdict: 'NO_CHANGE', reason: 'It is byte for byte the champion.' }
  if (!checks.some(isThreshold))
    return hold('The task configures no check that says how good a model is, so the gate promotes none.')
  const lacking = find(
    ({ verdict }, check) =>
      verdict === 'NOT_ENOUGH_DATA' && ((check.critical ?? true) || (firstModel && isThreshold(check))),
  )
  if (lacking !== undefined) return hold(say(lacking))
  const unknown = find(({ verdict }) => verdict === 'NOT_ENOUGH_DATA')
  if (find(({ verdict }, check) => isThreshold(check) && acceptable.includes(verdict)) === undefined)
    return hold(
      unknown !== undefined
        ? say(unknown)
        : 'Nothing to compare this model with: no version has been promoted yet and the task sets no floor, so an administrator must promote the first one.',
    )
  const doubtful = find(({ verdict }, check) => verdict === 'WARN' && isThreshold(check))
  if (doubtful !== undefined && firstModel)
    return hold(`A first model must pass every check that applies, and this one only warns: ${say(doubtful)}`)
  const warned = find(({ verdict }) => verdict === 'WARN') ?? unknown
  if (warned !== undefined) return { verdict: 'WARN', reason: say(warned) }
  const passed = judged.filter(({ result, check }) => isThreshold(check) && acceptable.includes(result.verdict))
  return { verdict: 'PASS', reason: `Passed ${[...new Set(passed.map(({ result }) => result.check))].join(', ')}.` }
}
