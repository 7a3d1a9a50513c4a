import { describe, expect, it } from '@jest/globals'
import { makeRng, uniformInt } from '@panal/client-core'
import type { SegmentColumn } from '@panal/server'
import { slices } from '../../../../server/src/gate/checks/slices.ts'
import { evaluationOf, predictions } from '../../../fixtures/gate-evaluation.ts'

/** Two models, right in 85 % each and each in its own way; five columns of three to five values that mean nothing. */
async function verdictOnEqualModels(run: number, n: number) {
  const rng = makeRng(`equal ${run}`)
  const answers = () => predictions(Array.from({ length: n }, () => (rng.uniform() < 0.85 ? 0.9 : 0.2)))
  const columns = [3, 4, 5, 3, 4].map((cardinality, c): SegmentColumn => ({
    name: `c${c}`,
    values: Array.from({ length: cardinality }, (_, code) => String(code)),
    codes: Int32Array.from({ length: n }, () => uniformInt(rng, cardinality)),
  }))
  const [candidate, champion] = [answers(), answers()]
  const evaluation = evaluationOf({ candidate: { onGate: candidate }, champion: { onGate: champion }, columns })
  return (await slices.make({}).judge(evaluation)).verdict
}

describe('slices on models that are equally good', () => {
  // Standard error of a rate of .05 in 150 runs: .018. Four of them: a right check fails once in 16,000 seeds, fixed here.
  it('block in at most 5 %, whatever looked worst on the half that it was found on (n = 1200)', async () => {
    let blocked = 0
    for (let run = 0; run < 150; run++) if ((await verdictOnEqualModels(run, 1200)) === 'BLOCK') blocked++
    expect(blocked / 150).toBeLessThan(0.05 + 4 * 0.018)
  })
})
