import { exchangedPair } from '../equal-pairs.ts'
import type { Scenario } from '../scenario.ts'

/** A/A: a model of another round, made exactly as good by tossing for each example which of the two answers for whom. */
export const exchanged: Scenario = {
  title: 'A version about as good, exchanged example by example',
  settings: (recording) => {
    const pair = exchangedPair(recording)
    return pair === undefined
      ? { because: 'the registry has no other version about as good as the champion' }
      : [{ label: 'equal', expected: 'not-blocked', stage: () => ({ pair }) }]
  },
}
