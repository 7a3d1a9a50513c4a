import { createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto'
import {
  jwkOf,
  signedBytes,
  type Clock,
  type ServerKey,
  type ServerKeySet,
  type Signed,
  type Statement,
} from '@panal/client-core'
import type { DataDir } from '../store/data-dir.ts'
import { makeKey, readKeys, writeKey, type KeyFile } from './key-file.ts'

export interface ServerKeysDeps {
  readonly dataDir: Pick<DataDir, 'keys' | 'temp'>
  readonly clock: Clock
}

/**
 * The keys that a server signs with: Ed25519, one at a time. A rotation makes the next one, vouched for by the one
 * before, so that whoever pinned an old key can follow the chain to the new. Of a retired key only the public half stays.
 */
export class ServerKeys {
  readonly #deps: ServerKeysDeps
  /** Oldest first. */
  #files: KeyFile[]
  #signing: KeyObject
  #rotating: Promise<unknown> = Promise.resolve()

  private constructor(deps: ServerKeysDeps, files: KeyFile[]) {
    this.#deps = deps
    this.#files = files
    this.#signing = privateKeyOf(newest(files))
  }

  /** The keys of a data directory; its first start makes the first. @throws StartupError 'keys-unreadable' */
  static async load(deps: ServerKeysDeps): Promise<ServerKeys> {
    const files = await readKeys(deps.dataDir.keys)
    if (files.length === 0) {
      const first = makeKey(1, deps.clock.now())
      await writeKey(deps.dataDir, first)
      files.push(first)
    }
    return new ServerKeys(deps, files)
  }

  /** Thumbprint of the key that signs now. */
  get id(): string {
    return newest(this.#files).public.kid
  }

  /** Newest first, the retired ones too: what they signed can still be checked. */
  get publicSet(): ServerKeySet {
    return { keys: this.#files.map((file) => file.public).reverse() }
  }

  /** For libraries that sign by themselves. */
  get privateKey(): KeyObject {
    return this.#signing
  }

  /** @returns undefined for a key that was never this server's */
  publicKey(kid: string): KeyObject | undefined {
    const found = this.#files.find((file) => file.public.kid === kid)
    return found && createPublicKey({ key: jwkOf(found.public), format: 'jwk' })
  }

  /** About 60 µs. The same statement gets the same signature for as long as the key is the same. */
  sign<const Fields extends { readonly statement: string }>(fields: Fields): Signed<Fields & Statement> {
    const statement = { ...fields, keyId: this.id }
    return { ...statement, signature: sign(null, signedBytes(statement), this.#signing).toString('base64url') }
  }

  /** The next key, vouched for by the present one; durable, and the one that signs, when this resolves. */
  rotate(): Promise<ServerKey> {
    const rotation = this.#rotating.then(() => this.#rotate())
    this.#rotating = rotation.catch(() => undefined)
    return rotation
  }

  async #rotate(): Promise<ServerKey> {
    const old = newest(this.#files)
    const now = this.#deps.clock.now()
    const next = makeKey(old.number + 1, now)
    const { kid, createdAt } = next.public
    next.public.endorsement = this.sign({ statement: 'key', kid, jwk: jwkOf(next.public), createdAt })
    await writeKey(this.#deps.dataDir, next)
    // From here on a restart signs with the new key: the old private half may go.
    const retired: KeyFile = { number: old.number, public: { ...old.public, retiredAt: now } }
    this.#files = [...this.#files.slice(0, -1), retired, next]
    this.#signing = privateKeyOf(next)
    await writeKey(this.#deps.dataDir, retired)
    return next.public
  }
}

const newest = (files: readonly KeyFile[]): KeyFile => files[files.length - 1]!

/** Of the newest: no other has one. */
const privateKeyOf = (file: KeyFile): KeyObject =>
  createPrivateKey({ key: { ...jwkOf(file.public), d: file.d! }, format: 'jwk' })
