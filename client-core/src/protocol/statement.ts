import { base64urlnopad } from '@scure/base'
import { Type, type Static } from 'typebox'
import { canonicalJson } from './canonical-json.ts'
import { Ed25519Jwk, Thumbprint, thumbprint } from './keys.ts'

/** What every signed statement of a server ends with. */
export const signed = {
  /** Thumbprint of the server's key that signed it. */
  keyId: Thumbprint,
  /** Ed25519, base64url, over the RFC 8785 JSON of all other fields. */
  signature: Type.String({ pattern: '^[A-Za-z0-9_-]{86}$' }),
}

/**
 * Something a server says under its signature. `statement` says of what kind it is, so that nothing signed as one thing
 * can be shown as another.
 */
export interface Statement {
  readonly statement: string
  readonly keyId: string
}
export type Signed<S extends Statement> = S & { readonly signature: string }

/** The bytes that are signed. */
export const signedBytes = (statement: Statement): Uint8Array =>
  new TextEncoder().encode(canonicalJson({ ...statement, signature: undefined }))

export type VerifyEd25519 = (key: Ed25519Jwk, signature: Uint8Array, bytes: Uint8Array) => Promise<boolean>

/** Whether `key` made the signature of this statement. What the statement says is the caller's to judge. */
export async function isSignedBy(
  key: Ed25519Jwk,
  statement: Signed<Statement>,
  verify: VerifyEd25519,
): Promise<boolean> {
  const signature = decoded(statement.signature)
  return signature !== undefined && verify(key, signature, signedBytes(statement))
}

/** Undefined where the last character has bits that no 64 bytes have. */
function decoded(signature: string): Uint8Array | undefined {
  try {
    return base64urlnopad.decode(signature)
  } catch {
    return undefined
  }
}

/** One public key of a server, as `GET /v1/keys` lists it. */
export const ServerKey = Type.Object({
  ...Ed25519Jwk.properties,
  kid: Thumbprint,
  alg: Type.Literal('EdDSA'),
  use: Type.Literal('sig'),
  createdAt: Type.Integer({ minimum: 0 }),
  /** Since when another key signs in its place; absent for the key that signs now. */
  retiredAt: Type.Optional(Type.Integer({ minimum: 0 })),
  /** The key before it vouches for this one; absent for a server's first. */
  endorsement: Type.Optional(
    Type.Object(
      {
        statement: Type.Literal('key'),
        kid: Thumbprint,
        jwk: Ed25519Jwk,
        createdAt: Type.Integer({ minimum: 0 }),
        ...signed,
      },
      { additionalProperties: false },
    ),
  ),
})
export type ServerKey = Static<typeof ServerKey>

/** A server's public keys, newest first: a JWK set (RFC 7517). */
export const ServerKeySet = Type.Object({ keys: Type.Array(ServerKey, { minItems: 1, maxItems: 1000 }) })
export type ServerKeySet = Static<typeof ServerKeySet>

export const jwkOf = ({ kty, crv, x }: Pick<ServerKey, 'kty' | 'crv' | 'x'>): Ed25519Jwk => ({ kty, crv, x })

/**
 * The key that signs now, if the key called `pinned` vouches for it: each key in between carries the endorsement of the
 * one before it. Undefined where the chain does not begin at `pinned`, or breaks.
 */
export async function successorOf(
  pinned: string,
  { keys }: ServerKeySet,
  verify: VerifyEd25519,
): Promise<ServerKey | undefined> {
  const newer = keys.slice(0, keys.findIndex(({ kid }) => kid === pinned) + 1).reverse() // pinned first
  let trusted = newer[0]
  if (trusted === undefined || thumbprint(jwkOf(trusted)) !== pinned) return undefined
  for (const next of newer.slice(1)) {
    const { endorsement, kid } = next
    const isEndorsed =
      endorsement !== undefined &&
      endorsement.keyId === trusted.kid &&
      endorsement.kid === kid &&
      endorsement.jwk.x === next.x &&
      thumbprint(jwkOf(next)) === kid &&
      (await isSignedBy(jwkOf(trusted), endorsement, verify))
    if (!isEndorsed) return undefined
    trusted = next
  }
  return trusted
}
