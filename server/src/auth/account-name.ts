import { PanalError } from '@panal/client-core'

/** Letters, digits and a few signs between them, so that two names that look alike are hard to make. */
export const accountNamePattern = "^[\\p{L}\\p{N}]([\\p{L}\\p{N} ._@+'-]{0,78}[\\p{L}\\p{N}])?$"

const isName = new RegExp(accountNamePattern, 'u')

/** What the audit trail calls those who are no people. */
const machines = new Set(['gate', 'local', 'in-process', 'server', 'first start', 'round limit', 'identity provider'])

/** A name as it is compared: whatever its case, and however its letters are composed. */
export const nameKey = (name: string): string => name.normalize('NFKC').toLowerCase()

/** @throws PanalError 'bad-request' */
export function requireAccountName(name: string): void {
  if (!isName.test(name.normalize('NFKC')))
    throw new PanalError('bad-request', "a name has up to 80 letters, digits, spaces and . _ @ + ' -")
  if (machines.has(nameKey(name))) throw new PanalError('bad-request', 'this name is kept for the server itself')
}
