import {
  algorithmOf,
  deviceIdOf,
  JoinClaims,
  PanalError,
  Proof,
  ProofHeader,
  proofTypes,
  RequestClaims,
  type DeviceId,
  type PublicJwk,
} from '@panal/client-core'
import { Ajv, type ValidateFunction } from 'ajv'
import { compactVerify, decodeProtectedHeader, importJWK, type CryptoKey } from 'jose'
import { LRUCache } from 'lru-cache'
import type { Static } from 'typebox'

/** Claims under a device's signature, and whose. */
export interface Proven<Claims> {
  readonly deviceId: DeviceId
  readonly jwk: PublicJwk
  readonly claims: Claims
}

/** Imported keys kept: an import costs about as much as a tenth of a verification. */
const maxImported = 10_000

const ajv = new Ajv({ strict: true, allErrors: false })
const isProof = ajv.compile<string>(Proof)
const isHeader = ajv.compile<Static<typeof ProofHeader>>(ProofHeader)
const isRequest = ajv.compile<RequestClaims>(RequestClaims)
const isJoin = ajv.compile<JoinClaims>(JoinClaims)

const imported = new LRUCache<string, CryptoKey>({ max: maxImported })

/** @throws PanalError 'unauthorized' unless it is a request proof with a good signature, made by the key that it names */
export const readRequestProof = (proof: unknown, precheck: (claims: RequestClaims) => void) =>
  readProof(proof, { typ: proofTypes.request, isClaims: isRequest, precheck })

/** @throws PanalError 'unauthorized' unless it is a join proof with a good signature, made by the key that it names */
export const readJoinProof = (proof: unknown, precheck: (claims: JoinClaims) => void) =>
  readProof(proof, { typ: proofTypes.join, isClaims: isJoin, precheck })

interface Expected<Claims> {
  readonly typ: string
  readonly isClaims: ValidateFunction<Claims>
  /** Refuses what needs no look at the signature: claims cost a microsecond, a signature a hundred. */
  readonly precheck: (claims: Claims) => void
}

/**
 * The key is the one in the proof's own header, and who it is follows from the key: nothing is fetched, looked up or
 * chosen by what a proof says. Two algorithms, each tied to its kind of key.
 */
async function readProof<Claims>(proof: unknown, expected: Expected<Claims>): Promise<Proven<Claims>> {
  if (!isProof(proof)) throw refused('it is missing or no compact JWS')
  const jwk = keyIn(proof, expected.typ)
  const claims = parse(Buffer.from(proof.split('.')[1]!, 'base64url').toString('utf8'))
  if (!expected.isClaims(claims)) throw refused('its claims do not match their schema')
  expected.precheck(claims)
  try {
    await compactVerify(proof, await importKey(jwk), { algorithms: [algorithmOf(jwk)] })
  } catch (error) {
    throw refused('its signature is wrong', error)
  }
  return { deviceId: deviceIdOf(jwk), jwk, claims }
}

function keyIn(proof: string, typ: string): PublicJwk {
  let header: unknown
  try {
    header = decodeProtectedHeader(proof)
  } catch (error) {
    throw refused('its header cannot be read', error)
  }
  if (!isHeader(header) || header.typ !== typ || header.alg !== algorithmOf(header.jwk))
    throw refused('its header does not match its schema')
  return header.jwk
}

async function importKey(jwk: PublicJwk): Promise<CryptoKey> {
  const name = jwk.kty === 'EC' ? `${jwk.x}.${jwk.y}` : jwk.x
  const kept = imported.get(name)
  if (kept !== undefined) return kept
  const key = await importJWK(jwk, algorithmOf(jwk))
  if (key instanceof Uint8Array) throw new TypeError('a public key is no secret') // for symmetric keys only
  imported.set(name, key)
  return key
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const refused = (why: string, cause?: unknown): PanalError =>
  new PanalError('unauthorized', `the device's proof was refused: ${why}`, cause === undefined ? {} : { cause })
