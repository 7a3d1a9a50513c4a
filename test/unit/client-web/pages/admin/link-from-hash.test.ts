import { describe, expect, it } from '@jest/globals'
import { linkFromHash, refusalFromHash } from '../../../../../client-web/src/pages/admin/link-from-hash.ts'

describe('linkFromHash', () => {
  it('reads the secret of a one-time link', () => {
    expect(linkFromHash('#link=a-b_c')).toBe('a-b_c')
  })

  it('finds none in other addresses', () => {
    expect(linkFromHash('')).toBeNull()
    expect(linkFromHash('#versions')).toBeNull()
  })
})

it.each([
  ['', null],
  ['#link=abc', null],
  ['#refused=oidc-refused', expect.stringContaining('does not let you in')],
  ['#refused=Call%20this%20number', 'The sign-in was refused.'],
])('%j says why one was not signed in, in words of our own', (hash, said) => {
  expect(refusalFromHash(hash)).toEqual(said)
})
