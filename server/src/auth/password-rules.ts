import { PanalError } from '@panal/client-core'
import { nameKey } from './account-name.ts'

export const minPasswordLength = 12
/** Long enough for any sentence; a bound, so that nobody has us hash a book. */
export const maxPasswordLength = 200

/** A password as it is hashed and counted: two keyboards that compose ‘é’ differently mean the same. */
export const normalPassword = (password: string): string => password.normalize('NFKC')

/**
 * Length over composition, as NIST SP 800-63B has it: at least 12 characters, none of the most common passwords nor
 * one of them repeated or with digits added, not mostly the person's own name.
 * @throws PanalError 'weak-password'
 */
export async function requireGoodPassword(password: string, name: string): Promise<void> {
  const text = normalPassword(password)
  const length = Array.from(text).length
  if (length < minPasswordLength)
    throw new PanalError('weak-password', `a password has at least ${minPasswordLength} characters`)
  if (length > maxPasswordLength)
    throw new PanalError('weak-password', `a password has at most ${maxPasswordLength} characters`)
  if (new Set(text).size < 5) throw new PanalError('weak-password', 'these are too few different characters')
  const common = await commonPasswords()
  const lower = text.toLowerCase()
  const core = lower.replace(/^[\d\W_]+|[\d\W_]+$/g, '')
  if ([lower, core, repeatedUnit(lower), repeatedUnit(core)].some((each) => common.has(each)))
    throw new PanalError('weak-password', 'this is among the first passwords that anybody tries')
  for (const own of [nameKey(name), 'panal'])
    if (lower.split(own).join('').length < minPasswordLength / 2)
      throw new PanalError('weak-password', 'take something that cannot be guessed from the name')
}

/** 'abcabc' is 'abc' twice. */
const repeatedUnit = (text: string): string => /^(.+?)\1+$/.exec(text)?.[1] ?? text

let loaded: Promise<ReadonlySet<string>> | undefined

/** About 50,000, read when first somebody sets a password. */
const commonPasswords = (): Promise<ReadonlySet<string>> =>
  (loaded ??= import('@zxcvbn-ts/language-common').then(({ dictionary }) => new Set(dictionary['passwords-common'])))
