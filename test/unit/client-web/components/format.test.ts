import { describe, expect, it } from '@jest/globals'
import {
  formatBytes,
  formatDuration,
  formatNumber,
  formatPercent,
  formatSeconds,
} from '../../../../client-web/src/components/format.ts'

describe('format', () => {
  it.each([
    [512, '512 B'],
    [203_540, '204 KB'],
    [999_950, '1000 KB'],
    [2_040_000, '2.04 MB'],
    [3e9, '3 GB'],
  ])('%d bytes are %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text))

  it.each([
    [250, '250 ms'],
    [3_210, '3.2 s'],
    [245_000, '4 min 05 s'],
  ])('%d ms take %s', (ms, text) => expect(formatDuration(ms)).toBe(text))

  it('counts down in whole seconds, rounded up', () => {
    expect(formatSeconds(57_001)).toBe('58 s')
    expect(formatSeconds(60_000)).toBe('1 min 00 s')
  })

  it('keeps small numbers visible', () => {
    expect(formatNumber(0.0975)).toBe('0.0975')
    expect(formatNumber(0.00003)).toBe('3.0e-5')
    expect(formatNumber(0)).toBe('0.0000')
    expect(formatPercent(0.9713)).toBe('97.1 %')
  })
})
