import { describe, expect, it } from '@jest/globals'
import { linkFromHash } from '../../../../../client-web/src/pages/admin/link-from-hash.ts'

describe('linkFromHash', () => {
  it('reads the secret of a one-time link', () => {
    expect(linkFromHash('#link=a-b_c')).toBe('a-b_c')
  })

  it('finds none in other addresses', () => {
    expect(linkFromHash('')).toBeNull()
    expect(linkFromHash('#versions')).toBeNull()
  })
})
