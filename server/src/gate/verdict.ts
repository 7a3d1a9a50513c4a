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

/**
 * One verdict from many: BLOCK > ERROR > NO_CHANGE > NOT_ENOUGH_DATA > WARN > PASS, the reason being that of the first
 * check with the verdict that won. Nothing but a real judgement promotes: without a check other than integrity, or
 * where none applied, the model is held. A first model has no champion to be compared with, so it must PASS what
 * applies: a WARN holds it.
 */
export function overallVerdict({ checks, results, firstModel, sameAsChampion }: Judged): Overall {
  const found = (verdict: CheckResult['verdict']): Overall | undefined => {
    const result = results.find((each) => each.verdict === verdict)
    return result && { verdict: verdict as Overall['verdict'], reason: `${result.check}: ${result.reason}` }
  }
  const hold = (reason: string): Overall => ({ verdict: 'NOT_ENOUGH_DATA', reason })

  const stopped = found('BLOCK') ?? found('ERROR')
  if (stopped !== undefined) return stopped
  if (sameAsChampion) return { verdict: 'NO_CHANGE', reason: 'The weights are byte for byte those of the champion.' }
  if (!checks.some((check) => !check.integrity))
    return hold('The task configures no check besides integrity, so no model can be promoted by the gate.')
  const lacking = found('NOT_ENOUGH_DATA')
  if (lacking !== undefined) return lacking
  const judged = results.filter(
    (each, index) => checks[index]?.integrity === false && each.verdict !== 'NOT_APPLICABLE',
  )
  if (judged.length === 0)
    return hold(
      'Nothing to compare this model with: no version has been promoted yet and the task sets no floor, so an administrator must promote the first one.',
    )
  const warned = found('WARN')
  if (warned !== undefined && firstModel)
    return hold(`A first model must pass every check that applies, and this one only warns: ${warned.reason}`)
  return warned ?? { verdict: 'PASS', reason: `Passed ${[...new Set(judged.map((each) => each.check))].join(', ')}.` }
}
