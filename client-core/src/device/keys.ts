import type { PublicJwk } from '../protocol/keys.ts'
import type { VerifyEd25519 } from '../protocol/statement.ts'

/** A device's own key pair, made and kept where the platform keeps secrets best. The private half never comes out. */
export interface DeviceKeys {
  /** Of the pair made at the first call; the same from then on. */
  publicKey(): Promise<PublicJwk>
  /** Ed25519: 64 bytes; P-256 with SHA-256: r ‖ s, 64 bytes. */
  sign(bytes: Uint8Array): Promise<Uint8Array>
  /** Whether a server's signature is good: Ed25519, on platforms that have only P-256, too. */
  readonly verify: VerifyEd25519
  /** Bytes that nobody can guess. */
  random(numBytes: number): Uint8Array
}
