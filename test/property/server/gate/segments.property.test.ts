import { describe, expect, it } from '@jest/globals'
import { makeRng, type Rng } from '@panal/client-core'
import { segments } from '../../../../server/src/gate/checks/segments.ts'
import { evaluationOf, modelAnswers, predictions } from '../../../fixtures/gate-evaluation.ts'

const numSegments = 10
const perSegment = 200
const n = numSegments * perSegment

/** Segment s has the examples s, s + 10, … */
const columns = [
  {
    name: 'home',
    values: Array.from({ length: numSegments }, (_, s) => `s${s}`),
    codes: Int32Array.from({ length: n }, (_, i) => i % numSegments),
  },
]
const check = segments.make({})

/** One judgement of a model that differs from its champion by chance alone, but for `harm` of segment 0, made wrong. */
async function verdict(harm: number, rng: Rng): Promise<string> {
  const skill = modelAnswers(n, rng.fork('skill'))
  const jitter = (each: Rng) => skill.map((p) => 1 / (1 + Math.exp(-Math.log(p / (1 - p)) - 0.4 * each.normal())))
  const candidate = jitter(rng.fork('candidate'))
  const spoil = rng.fork('spoil')
  for (let i = 0; i < n; i += numSegments) if (spoil.uniform() < harm) candidate[i] = 1 - Math.max(0.6, candidate[i]!)
  const result = await check.judge(
    evaluationOf({
      candidate: { onGate: predictions(candidate) },
      champion: { onGate: predictions(jitter(rng.fork('champion'))) },
      document: { segments: ['home'] },
      columns,
    }),
  )
  return result.verdict
}

async function blocks(harm: number, runs: number, rng: Rng): Promise<number> {
  let blocked = 0
  for (let run = 0; run < runs; run++) if ((await verdict(harm, rng.fork(String(run)))) === 'BLOCK') blocked++
  return blocked / runs
}

describe('segments, ten of 200 examples, in seeded simulation', () => {
  it('do not block a model that is as good everywhere more often than the false discovery rate lets them', async () => {
    // q = .05, with nothing to find the chance of any block. In 300 runs its standard error is .0126; four are added.
    expect(await blocks(0, 300, makeRng(21))).toBeLessThan(0.05 + 4 * 0.0126)
  })
  it('block a model that fails on one example of six in one segment, in nine runs of ten', async () => {
    expect(await blocks(1 / 6, 100, makeRng(22))).toBeGreaterThan(0.9)
  })
})
