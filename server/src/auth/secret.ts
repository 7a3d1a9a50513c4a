import { createHash, randomBytes } from 'node:crypto'
import type { EpochMs } from '@panal/client-core'

/** A secret as its owner gets it, once: only its hash is kept. */
export interface IssuedSecret {
  readonly secret: string
  readonly expiresAt: EpochMs | null
}

/** 43 base64url characters of 32 random bytes. */
export const makeSecret = (): string => randomBytes(32).toString('base64url')

/**
 * What is kept of a secret, hex. A plain hash is enough where a password would need a slow one: nobody can go through
 * 2^256 secrets.
 */
export const hashSecret = (secret: string): string => createHash('sha256').update(secret).digest('hex')

/** How lists and commands name a credential: the first 64 bits of its hash. */
export const credentialId = (hash: string): string => hash.slice(0, 16)
