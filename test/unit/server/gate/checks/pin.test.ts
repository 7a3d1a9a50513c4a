import { describe, expect, it } from '@jest/globals'
import type { CheckResult } from '@panal/client-core'
import { pin } from '../../../../../server/src/gate/checks/pin.ts'
import { evaluationOf, predictions, type EvaluationParts } from '../../../../fixtures/gate-evaluation.ts'

const labels = Array.from({ length: 1000 }, (_, i) => i % 2)
const answers = predictions(new Array<number>(1000).fill(0.9), labels)
const judge = (examples: EvaluationParts['examples'], options: Parameters<typeof pin.make>[0] = {}) =>
  pin.make(options).judge(evaluationOf({ candidate: { onGate: answers }, examples: examples ?? {} }))
const ids = (of: (i: number) => number) => Array.from({ length: 1000 }, (_, i) => of(i).toString(16).padStart(16, '0'))
const row = ({ rows }: CheckResult, metric: string) => rows.find((each) => each.metric === metric)

describe('pin', () => {
  it('passes the registered sets that share nothing', async () => {
    const result = await judge({})
    expect(result.verdict).toBe('PASS')
    expect(result.rows.map(({ verdict }) => verdict)).toEqual(new Array(6).fill('PASS'))
  })
  it.each(['evaluation', 'gate'] as const)('blocks another %s set than the registered one', async (set) => {
    const result = await judge({ [set]: { datasetSha256: '9'.repeat(64) } })
    expect(result.verdict).toBe('BLOCK')
    expect(result.reason).toContain('9'.repeat(64))
  })
  it('blocks another profile of segments, where the task names one', async () => {
    expect((await judge({}, { profileSha256: 'f'.repeat(64) })).verdict).toBe('PASS')
    expect((await judge({}, { profileSha256: '0'.repeat(64) })).verdict).toBe('BLOCK')
  })
  it('warns of a class that the gate set has no example of', async () => {
    const result = await judge({ gate: { labels: new Int32Array(1000) } })
    expect(result).toMatchObject({ verdict: 'WARN', reason: 'The gate set has no example of yes.' })
    expect(row(result, 'classes in the gate set')).toMatchObject({ estimate: 0.5 })
  })
  it('tolerates one example of 1,000 that both sets have, and blocks at two', async () => {
    const shared = (k: number) => ({ evaluation: { ids: ids((i) => i) }, gate: { ids: ids((i) => 1000 - k + i) } })
    expect((await judge(shared(1))).verdict).toBe('PASS')
    const result = await judge(shared(2))
    expect(result.verdict).toBe('BLOCK')
    expect(row(result, 'overlap of the evaluation and the gate set')).toMatchObject({ estimate: 0.002, n: 1000 })
    expect((await judge(shared(2), { maxOverlap: 0.002 })).verdict).toBe('PASS')
  })
  it('warns of duplicates in a set: 2 of 1,000', async () => {
    const result = await judge({ gate: { ids: ids((i) => Math.max(2, i)) } })
    expect(result).toMatchObject({ verdict: 'WARN' })
    expect(row(result, 'duplicates in the gate set')).toMatchObject({ estimate: 0.002 })
  })
  it('does not call one set that serves as both an overlap', async () => {
    const same = { ids: ids((i) => i), datasetSha256: 'd'.repeat(64) }
    const { rows } = await judge({ evaluation: same, gate: same })
    expect(rows.some(({ metric }) => metric.startsWith('overlap'))).toBe(false)
  })
})
