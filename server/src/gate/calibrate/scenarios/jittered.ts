import { jitteredPair } from '../equal-pairs.ts'
import type { Scenario } from '../scenario.ts'

/** A/A: champion and candidate are the champion, each with noise of its own on its logits. */
export const jittered: Scenario = {
  title: 'The champion with noise on its answers',
  settings: (recording) => [
    { label: 'equal', expected: 'not-blocked', stage: () => ({ pair: jitteredPair(recording) }) },
  ],
}
