import { describe, expect, it } from '@jest/globals'
import { determinism } from '../../../../../server/src/gate/checks/determinism.ts'
import { evaluationOf, predictions, type JudgedParts } from '../../../../fixtures/gate-evaluation.ts'

const first = predictions([0.5, 0.25])
const judge = (again: JudgedParts['again'], tolerance?: number) =>
  determinism
    .make(tolerance === undefined ? {} : { tolerance })
    .judge(evaluationOf({ candidate: { onGate: first, ...(again !== undefined && { again }) } }))

describe('determinism', () => {
  it('passes two passes that agree to the last bit', async () => {
    expect(await judge(undefined)).toMatchObject({ verdict: 'PASS', rows: [{ estimate: 0, n: 2 }] })
  })
  it('passes rounding and blocks more', async () => {
    // float32 near .5 has steps of 6e-8
    expect((await judge(predictions([0.5 + 6e-8, 0.25]))).verdict).toBe('PASS')
    const result = await judge(predictions([0.5, 0.25001]))
    expect(result.verdict).toBe('BLOCK')
    expect(result.rows[0]?.estimate).toBeCloseTo(1e-5, 7)
    expect((await judge(predictions([0.5, 0.25001]), 1e-4)).verdict).toBe('PASS')
  })
  it('blocks a second pass of another length', async () => {
    expect((await judge(predictions([0.5]))).verdict).toBe('BLOCK')
  })
  it('does not apply to recorded predictions', async () => {
    expect((await judge(null)).verdict).toBe('NOT_APPLICABLE')
  })
})
