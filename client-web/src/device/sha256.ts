import { sha256 as pureSha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'

/** Hex SHA-256. WebCrypto is missing on plain http other than localhost (a server on the LAN): then pure JS. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  const subtle = (globalThis.crypto as Partial<Crypto>).subtle
  if (subtle === undefined) return bytesToHex(pureSha256(bytes))
  return bytesToHex(new Uint8Array(await subtle.digest('SHA-256', new Uint8Array(bytes))))
}
