import { Type, type Static } from 'typebox'
import { PanalError } from '../protocol/errors.ts'
import { VersionNumber } from '../protocol/ids.ts'
import {
  isWeaker,
  layoutDigest,
  Privacy,
  privacyOf,
  type Greeting,
  type ModelManifest,
  type Receipt,
} from '../protocol/manifest.ts'
import {
  isSignedBy,
  jwkOf,
  ServerKey,
  successorOf,
  type ServerKeySet,
  type Signed,
  type Statement,
} from '../protocol/statement.ts'
import type { Layout } from '../model/layout.ts'
import type { TaskCard } from '../protocol/task.ts'
import { correctionPrefix } from './kept-correction.ts'
import { forgetPersonalModels, type Forgetful } from './personal-model.ts'
import type { DeviceRuntime } from './runtime.ts'
import { readJson, writeJson } from './stored-json.ts'

const pinnedKey = 'server-key'
const seenKey = (taskId: string) => `seen/${taskId}`
/** The newest version trained from, and what was agreed to: neither may ever get worse. */
const Seen = Type.Object({ version: VersionNumber, agreed: Privacy })

/** The server's key that this device knows, if it knows one. */
export const pinnedServerKey = ({ storage }: Pick<DeviceRuntime, 'storage'>): Promise<ServerKey | undefined> =>
  readJson(storage, pinnedKey, ServerKey)

/**
 * Takes a server's keys for good: the first time as they are, later only if the key known before vouches for them.
 * @throws PanalError 'unknown-key'
 */
export async function pinServerKeys(
  { storage, keys }: Pick<DeviceRuntime, 'storage' | 'keys'>,
  given: ServerKeySet,
): Promise<ServerKey> {
  const pinned = await readJson(storage, pinnedKey, ServerKey)
  const newest = await successorOf(pinned?.kid ?? given.keys[0]?.kid ?? '', given, keys.verify)
  if (newest === undefined) throw new PanalError('unknown-key')
  if (newest.kid !== pinned?.kid) await writeJson(storage, pinnedKey, newest)
  return newest
}

/** Forgets the server that this device knew, and what it has seen of its models: for one that was set up anew. */
export async function forgetServer(device: Forgetful): Promise<void> {
  const { storage } = device
  for (const prefix of ['seen/', 'enrolled/', correctionPrefix])
    for (const key of await storage.keys(prefix)) await storage.remove(key)
  await forgetPersonalModels(device)
  await storage.remove(pinnedKey)
}

export interface TrustOptions {
  readonly runtime: Pick<DeviceRuntime, 'clock' | 'storage' | 'keys' | 'transfer'>
  readonly taskId: string
  /** What the device's owner has agreed to. Without it: what the first manifest promises. */
  readonly agreed?: Privacy | undefined
}

/** What one device holds its server to: everything signed by the key it knows, no step back, no weaker protection. */
export class Trust {
  readonly #options: TrustOptions
  /** The server's clock minus this device's, as the last greeting told. */
  #aheadMs = 0
  #seen: Static<typeof Seen> | undefined

  constructor(options: TrustOptions) {
    this.#options = options
  }

  /** Whether the server that answered this join has the key that this device knows. @throws PanalError */
  async greet(
    greeting: Greeting,
    join: Pick<Greeting, 'taskId' | 'deviceId' | 'proofId'>,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#requireGenuine(greeting, signal)
    if (greeting.proofId !== join.proofId || greeting.taskId !== join.taskId || greeting.deviceId !== join.deviceId)
      throw new PanalError('bad-signature', 'the server’s greeting is for another join')
    this.#aheadMs = greeting.at - this.#options.runtime.clock.now()
  }

  /** Whether this device may train from the model of a manifest; remembers that it does. @throws PanalError [P25] */
  async accept(
    manifest: ModelManifest,
    { card, layout }: { readonly card: TaskCard; readonly layout: Layout },
    signal: AbortSignal,
  ): Promise<void> {
    const { runtime, taskId } = this.#options
    await this.#requireGenuine(manifest, signal)
    if (manifest.taskId !== taskId || manifest.planHash !== card.planHash)
      throw new PanalError('wrong-model', 'the manifest is for another task or plan')
    if (manifest.layoutSha256 !== layoutDigest(layout) || manifest.numBytes !== layout.size * 4)
      throw new PanalError('wrong-model', 'the manifest names weights of another shape')
    if (manifest.expiresAt < runtime.clock.now() + this.#aheadMs) throw new PanalError('manifest-expired')
    const kept = this.#seen ?? (await readJson(runtime.storage, seenKey(taskId), Seen))
    const { version: seen, agreed } = { version: 0, agreed: manifest.privacy, ...kept, ...this.#consent }
    if (manifest.version < seen)
      throw new PanalError('rolled-back', `version ${manifest.version} is offered, and this device has seen ${seen}`)
    // The promise, and what the plan makes of it: neither may be weaker.
    const { clipNorm } = privacyOf({ plan: manifest.plan, cohort: card.cohort })
    if (isWeaker(manifest.privacy, agreed) || isWeaker({ ...manifest.privacy, clipNorm }, agreed))
      throw new PanalError('weaker-policy')
    if (manifest.privacy.noiseStd > 0)
      throw new PanalError('wrong-model', 'the manifest promises noise that this device cannot add')
    this.#seen = { version: manifest.version, agreed }
    // A storage that is full or forbidden costs what this device knows at its next start, never the round.
    await writeJson(runtime.storage, seenKey(taskId), this.#seen).catch(() => undefined)
  }

  get #consent(): { readonly agreed?: Privacy } {
    const { agreed } = this.#options
    return agreed === undefined ? {} : { agreed }
  }

  /** @throws PanalError 'bad-signature' when it is no receipt for this update, or not this server's */
  async requireReceipt(
    receipt: Receipt,
    of: Pick<Receipt, 'taskId' | 'roundNumber' | 'deviceId' | 'sha256'>,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#requireGenuine(receipt, signal)
    const isForThis =
      receipt.taskId === of.taskId &&
      receipt.roundNumber === of.roundNumber &&
      receipt.deviceId === of.deviceId &&
      receipt.sha256 === of.sha256
    if (!isForThis) throw new PanalError('bad-signature', 'the server’s receipt is for another update')
  }

  /** By the key this device knows, or the one that followed it. @throws PanalError 'unknown-key' | 'bad-signature' */
  async #requireGenuine(statement: Signed<Statement>, signal: AbortSignal): Promise<void> {
    const { runtime } = this.#options
    let key = await pinnedServerKey(runtime)
    if (key?.kid !== statement.keyId) key = await pinServerKeys(runtime, await runtime.transfer.serverKeys(signal))
    if (key.kid !== statement.keyId) throw new PanalError('unknown-key')
    if (!(await isSignedBy(jwkOf(key), statement, runtime.keys.verify))) throw new PanalError('bad-signature')
  }
}
