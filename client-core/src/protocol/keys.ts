import { sha256 } from '@noble/hashes/sha2.js'
import { base64urlnopad } from '@scure/base'
import { Type, type Static } from 'typebox'
import { canonicalJson } from './canonical-json.ts'
import type { DeviceId } from './ids.ts'

const closed = { additionalProperties: false }
/** 32 bytes. */
const Coordinate = Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' })

export const Ed25519Jwk = Type.Object({ kty: Type.Literal('OKP'), crv: Type.Literal('Ed25519'), x: Coordinate }, closed)
export type Ed25519Jwk = Static<typeof Ed25519Jwk>

export const P256Jwk = Type.Object(
  { kty: Type.Literal('EC'), crv: Type.Literal('P-256'), x: Coordinate, y: Coordinate },
  closed,
)
export type P256Jwk = Static<typeof P256Jwk>

/** A device's public key: Ed25519, or P-256 where the platform cannot make one. Nothing private fits in. */
export const PublicJwk = Type.Union([Ed25519Jwk, P256Jwk])
export type PublicJwk = Static<typeof PublicJwk>

/** RFC 7638 thumbprint of a key with SHA-256, as one names it: 43 base64url characters. */
export const Thumbprint = Coordinate

export function thumbprint(jwk: PublicJwk): string {
  const { kty, crv, x } = jwk
  const members = kty === 'EC' ? { kty, crv, x, y: jwk.y } : { kty, crv, x }
  return base64urlnopad.encode(sha256(new TextEncoder().encode(canonicalJson(members))))
}

/** A device is called by its key: nobody chooses an id, and nobody can take another's. */
export const deviceIdOf = (jwk: PublicJwk): DeviceId => `d_${thumbprint(jwk).slice(0, 22)}`

/** JWS name of the signatures that a key makes. */
export const algorithmOf = ({ kty }: PublicJwk): 'EdDSA' | 'ES256' => (kty === 'OKP' ? 'EdDSA' : 'ES256')
