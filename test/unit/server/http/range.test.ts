import { describe, expect, it } from '@jest/globals'
import { parseContentRange, parseRange } from '../../../../server/src/http/range.ts'

describe('parseRange over 10 bytes', () => {
  // RFC 9110 §14.1.2 and §14.2
  it.each([
    [undefined, 'whole'],
    ['bytes=0-9', { start: 0, end: 9 }],
    ['bytes=3-5', { start: 3, end: 5 }],
    ['bytes=3-', { start: 3, end: 9 }],
    ['bytes=3-99', { start: 3, end: 9 }],
    ['bytes=-4', { start: 6, end: 9 }],
    ['bytes=-99', { start: 0, end: 9 }],
    ['bytes=9-', { start: 9, end: 9 }],
    ['bytes=10-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=5-3', 'whole'],
    ['bytes=-', 'whole'],
    ['bytes=0-1,3-4', 'whole'],
    ['octets=0-1', 'whole'],
    ['bytes=a-b', 'whole'],
  ])('%s → %j', (header, expected) => {
    expect(parseRange(header, 10)).toEqual(expected)
  })
})

describe('parseContentRange', () => {
  it.each([
    ['bytes 4-9/10', { start: 4, end: 9, size: 10 }],
    ['bytes 0-0/1', { start: 0, end: 0, size: 1 }],
    ['bytes 4-10/10', undefined],
    ['bytes 9-4/10', undefined],
    ['bytes 4-9/*', undefined],
    ['bytes=4-9/10', undefined],
    ['', undefined],
  ])('%s → %j', (header, expected) => {
    expect(parseContentRange(header)).toEqual(expected)
  })
})
