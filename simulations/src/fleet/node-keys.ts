import { createPrivateKey, createPublicKey, randomBytes, sign, verify, type KeyObject } from 'node:crypto'
import { uniformInt, type DeviceKeys, type Ed25519Jwk, type Rng } from '@panal/client-core'

/** PKCS#8 of an Ed25519 key up to its 32 secret bytes (RFC 8410). */
const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex')

/**
 * A simulated device's Ed25519 key, in this process's memory. The same `rng` gives the same key, so that a run can be
 * repeated: such a key is no secret, and is for simulations only.
 */
export function nodeKeys(rng: Rng): DeviceKeys {
  const secret = Buffer.from(Uint8Array.from({ length: 32 }, () => uniformInt(rng, 256)))
  const key = createPrivateKey({ key: Buffer.concat([pkcs8Head, secret]), format: 'der', type: 'pkcs8' })
  const { x } = createPublicKey(key).export({ format: 'jwk' })
  const jwk: Ed25519Jwk = { kty: 'OKP', crv: 'Ed25519', x: x! }
  return {
    publicKey: () => Promise.resolve(jwk),
    sign: (bytes) => Promise.resolve(sign(null, bytes, key)),
    verify: (by, signature, bytes) => Promise.resolve(verify(null, bytes, keyOf(by), signature)),
    random: (numBytes) => randomBytes(numBytes),
  }
}

/** A fleet checks every statement of its server with the same one or two keys. */
const imported = new Map<string, KeyObject>()

function keyOf(jwk: Ed25519Jwk): KeyObject {
  const kept = imported.get(jwk.x)
  if (kept !== undefined) return kept
  const key = createPublicKey({ key: jwk, format: 'jwk' })
  if (imported.size > 100) imported.clear()
  imported.set(jwk.x, key)
  return key
}
