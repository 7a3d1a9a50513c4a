import type { DeviceKeys, Ed25519Jwk, PublicJwk } from '@panal/client-core'
import { base64urlnopad } from '@scure/base'
import { database, type KeptKey } from '../data/database.ts'

/**
 * This browser's key: made by WebCrypto, not extractable, kept in IndexedDB as the handle that it is. Ed25519, or P-256
 * where the browser cannot make one. On plain http other than localhost there is no WebCrypto: then the key is software's,
 * and as safe as the page's other data.
 */
export function browserKeys(): DeviceKeys {
  let opened: Promise<KeptKey> | undefined
  const key = () => (opened ??= keptOrNew())
  return {
    publicKey: async () => (await key()).publicKey,
    sign: async (bytes) => signWith(await key(), new Uint8Array(bytes)),
    verify: async (by, signature, bytes) => verifyEd25519(by, new Uint8Array(signature), new Uint8Array(bytes)),
    random: (numBytes) => crypto.getRandomValues(new Uint8Array(numBytes)),
  }
}

const name = 'device'
const ecdsa = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

const subtle = (): SubtleCrypto | undefined => (globalThis.crypto as Partial<Crypto>).subtle

async function keptOrNew(): Promise<KeptKey> {
  const db = await database()
  const kept = await db.get('keys', name)
  if (kept !== undefined) return kept
  const made = await makeKey()
  // The page and its worker may both be here: the first to write wins, and the other takes that key.
  const transaction = db.transaction('keys', 'readwrite')
  const first = await transaction.store.get(name)
  if (first === undefined) await transaction.store.put(made, name)
  await transaction.done
  return first ?? made
}

async function makeKey(): Promise<KeptKey> {
  const native = subtle()
  if (native === undefined) return softwareKey()
  const { privateKey, publicKey } = await native
    .generateKey('Ed25519', false, ['sign', 'verify'])
    .catch(() => native.generateKey(ecdsa, false, ['sign', 'verify']))
  return { kind: 'webcrypto', privateKey, publicKey: toPublicJwk(await native.exportKey('jwk', publicKey)) }
}

/** Fetched only where the browser cannot do it. */
const software = () => import('@noble/curves/ed25519.js')

async function softwareKey(): Promise<KeptKey> {
  const { ed25519 } = await software()
  const { secretKey, publicKey } = ed25519.keygen()
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: base64urlnopad.encode(publicKey) } as const
  return { kind: 'software', secretKey: new Uint8Array(secretKey), publicKey: jwk }
}

async function signWith(key: KeptKey, bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  if (key.kind === 'webcrypto') {
    const algorithm = key.publicKey.kty === 'OKP' ? 'Ed25519' : ecdsa
    return new Uint8Array(await crypto.subtle.sign(algorithm, key.privateKey, bytes))
  }
  const { ed25519 } = await software()
  return ed25519.sign(bytes, key.secretKey)
}

async function verifyEd25519(
  jwk: Ed25519Jwk,
  signature: Uint8Array<ArrayBuffer>,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  const key = await subtle()
    ?.importKey('jwk', { ...jwk }, 'Ed25519', false, ['verify'])
    .catch(() => undefined)
  if (key !== undefined) return crypto.subtle.verify('Ed25519', key, signature, bytes)
  const { ed25519 } = await software()
  return ed25519.verify(signature, bytes, base64urlnopad.decode(jwk.x), { zip215: false })
}

/** Only what names the key: browsers add what may be done with it. */
function toPublicJwk({ kty, x = '', y = '' }: JsonWebKey): PublicJwk {
  return kty === 'OKP' ? { kty, crv: 'Ed25519', x } : { kty: 'EC', crv: 'P-256', x, y }
}
