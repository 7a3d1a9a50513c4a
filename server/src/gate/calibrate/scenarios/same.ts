import { samePair } from '../equal-pairs.ts'
import type { Scenario } from '../scenario.ts'

/** A/A: the champion scored as if it were new. No two answers differ. */
export const same: Scenario = {
  title: 'The champion as if it were new',
  settings: (recording) => [{ label: 'equal', expected: 'not-blocked', stage: () => ({ pair: samePair(recording) }) }],
}
