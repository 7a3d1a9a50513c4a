import { base64urlnopad } from '@scure/base'
import { Type, type Static } from 'typebox'
import { DeviceId, TaskId } from './ids.ts'
import { algorithmOf, PublicJwk } from './keys.ts'

const closed = { additionalProperties: false }
const Url = Type.String({ minLength: 1, maxLength: 1000 })
const Nonce = Type.String({ minLength: 1, maxLength: 100 })
/** Unique to the proof: 16 random bytes. */
const ProofId = Type.String({ pattern: '^[A-Za-z0-9_-]{22}$' })

/** A JWS in compact form, as every proof is. */
export const Proof = Type.String({ maxLength: 2048, pattern: '^[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+$' })

export const proofTypes = { request: 'dpop+jwt', join: 'panal-join+jwt' } as const
export type ProofType = (typeof proofTypes)[keyof typeof proofTypes]

/** The header of a proof carries the key: who it is follows from that. Nothing in it is looked up elsewhere. */
export const ProofHeader = Type.Object(
  { typ: Type.String(), alg: Type.Union([Type.Literal('EdDSA'), Type.Literal('ES256')]), jwk: PublicJwk },
  closed,
)

/** Of one HTTP request (RFC 9449). Fresh by the server's nonce: `iat` is the device's own clock, and nobody's measure. */
export const RequestClaims = Type.Object(
  { htm: Type.String({ maxLength: 10 }), htu: Url, iat: Type.Number(), jti: ProofId, nonce: Type.Optional(Nonce) },
  closed,
)
export type RequestClaims = Static<typeof RequestClaims>

/** Of one join: good on the connection that `nonce` names, at the server that `origin` names. */
export const JoinClaims = Type.Object(
  {
    nonce: Nonce,
    taskId: TaskId,
    deviceId: DeviceId,
    origin: Url,
    protocolVersion: Type.Integer(),
    jti: ProofId,
  },
  closed,
)
export type JoinClaims = Static<typeof JoinClaims>

/** What a proof is signed with. */
export interface ProofSigner {
  publicKey(): Promise<PublicJwk>
  sign(bytes: Uint8Array): Promise<Uint8Array>
  random(numBytes: number): Uint8Array
}

export const newProofId = (keys: Pick<ProofSigner, 'random'>): string => base64urlnopad.encode(keys.random(16))

type Claims<Of extends { jti: string }> = Omit<Of, 'jti'> & { readonly jti?: string }

/** Claims under a device's signature; with a new id, where they bring none. */
export async function makeProof(
  keys: ProofSigner,
  typ: ProofType,
  claims: Claims<RequestClaims> | Claims<JoinClaims>,
): Promise<string> {
  const jwk = await keys.publicKey()
  const text = `${encoded({ typ, alg: algorithmOf(jwk), jwk })}.${encoded({ jti: newProofId(keys), ...claims })}`
  const signature = await keys.sign(new TextEncoder().encode(text))
  return `${text}.${base64urlnopad.encode(signature)}`
}

const encoded = (value: object): string => base64urlnopad.encode(new TextEncoder().encode(JSON.stringify(value)))
