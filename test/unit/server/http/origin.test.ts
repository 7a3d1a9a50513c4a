import { describe, expect, it } from '@jest/globals'
import { allowedOrigins, originMayUse } from '../../../../server/src/http/origin.ts'

const allowed = allowedOrigins({ allowedOrigins: ['https://app.example'], publicUrl: 'https://panal.example/' })

describe('originMayUse', () => {
  it.each([
    ['http://127.0.0.1:8080', true],
    ['https://app.example', true],
    ['https://panal.example', true],
    ['https://app.example.evil.example', false],
    ['http://app.example', false],
    ['http://127.0.0.1:8081', false],
    ['null', false],
    ['', false],
  ])('a page of %j: %s', (origin, expected) => {
    expect(originMayUse({ origin, host: '127.0.0.1:8080' }, allowed, true)).toBe(expected)
  })

  it('leaves it to the caller what a request without Origin may do', () => {
    expect(originMayUse({ host: 'x' }, allowed, true)).toBe(true)
    expect(originMayUse({ host: 'x' }, allowed, false)).toBe(false)
  })
})
