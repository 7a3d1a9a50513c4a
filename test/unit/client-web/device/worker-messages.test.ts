import { describe, expect, it } from '@jest/globals'
import { backendFromAddress, backendNames } from '../../../../client-web/src/device/worker-messages.ts'

describe('backendFromAddress', () => {
  it.each(backendNames)('takes ?backend=%s', (name) => {
    expect(backendFromAddress(`?x=1&backend=${name}`)).toBe(name)
  })

  it('chooses itself for anything else', () => {
    expect(backendFromAddress('')).toBe('auto')
    expect(backendFromAddress('?backend=quantum')).toBe('auto')
  })
})
