import { expect, it } from '@jest/globals'
import { requireGoodPassword } from '../../../../server/src/auth/password-rules.ts'

it.each([
  ['short-eleven', 'ok'],
  ['elevenchars', 'at least 12'],
  ['a'.repeat(12), 'too few different'],
  ['abababababababab', 'too few different'],
  ['qwerty123456', 'anybody tries'], // on the list as it is
  ['QWERTY123456', 'anybody tries'],
  ['password12345678', 'anybody tries'], // a common one with digits added
  ['passwordpassword', 'anybody tries'],
  ['!!!football2024!', 'anybody tries'],
  ['ada.lovelace99', 'guessed from the name'],
  ['panalpanalpanal1', 'guessed from the name'],
  ['correct horse battery', 'ok'],
  ['pā'.repeat(101), 'at most 200'],
  ['🐝🍯🌻🐻🌍🧊🐝🍯🌻🐻🌍🧊', 'ok'], // 12 characters, though 24 code units
])('%s: %s', async (password, verdict) => {
  const judged = requireGoodPassword(password, 'Ada.Lovelace').then(
    () => 'ok',
    (error: unknown) => `${(error as { code: string }).code}: ${(error as Error).message}`,
  )
  expect(await judged).toMatch(verdict === 'ok' ? /^ok$/ : new RegExp(`^weak-password: .*${verdict}`))
})
