import type { GateVerdict, RoundOutcome } from '@panal/client-core'
import type { JudgementView, VersionStatus } from '../api/types.ts'

/** One colour for one meaning, on every page. */
export const outcomeColors: Record<RoundOutcome, string> = {
  promoted: 'teal',
  held: 'yellow',
  rejected: 'red',
  abandoned: 'gray',
}

export const statusColors: Record<VersionStatus, string> = {
  initial: 'gray',
  candidate: 'blue',
  promoted: 'teal',
  held: 'yellow',
  rejected: 'red',
  unsound: 'red',
}

export const judgementColors: Record<JudgementView['outcome'], string> = {
  promoted: 'teal',
  waiting: 'blue',
  held: 'yellow',
  rejected: 'red',
}

export const verdictColors: Record<GateVerdict, string> = {
  PASS: 'teal',
  WARN: 'yellow',
  NOT_ENOUGH_DATA: 'gray',
  ERROR: 'grape',
  BLOCK: 'red',
  NO_CHANGE: 'gray',
  NOT_APPLICABLE: 'gray',
}

export const sayVerdict: Record<GateVerdict, string> = {
  PASS: 'pass',
  WARN: 'warning',
  NOT_ENOUGH_DATA: 'not enough data',
  ERROR: 'error',
  BLOCK: 'block',
  NO_CHANGE: 'no change',
  NOT_APPLICABLE: 'does not apply',
}
