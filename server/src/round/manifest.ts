import { layoutDigest, privacyOf, type ModelManifest, type Signed, type Statement } from '@panal/client-core'
import type { Registry } from '../registry/registry.ts'
import type { Task } from '../registry/task.ts'
import { lastChance } from './carried.ts'
import type { Origin } from './state.ts'

/** Puts the server's name under a statement: `ServerKeys.sign`. */
export type Sign = <const Fields extends { readonly statement: string }>(fields: Fields) => Signed<Fields & Statement>

export interface ManifestDeps {
  readonly registry: Pick<Registry, 'version'>
  readonly sign: Sign
  /** Of the key that signs now. */
  readonly keyId: () => string
}

interface ManifestParts {
  /** Of the base. */
  readonly parent: number | null
  /** Of the optimizer state that goes with the base, if devices are sent it. */
  readonly correctionSha256: string | null
  readonly sign: Sign
}

/** What the devices that were asked in a round train from and how [P25]: the same for all of them, and after a restart. */
const manifestOf = (
  { id, layout, document, planHash }: Task,
  origin: Origin,
  { parent, correctionSha256, sign }: ManifestParts,
): ModelManifest =>
  sign({
    statement: 'model-manifest',
    taskId: id,
    version: origin.baseVersion,
    parent,
    weightsSha256: origin.baseSha256,
    numBytes: layout.size * Float32Array.BYTES_PER_ELEMENT,
    ...(correctionSha256 !== null && { correctionSha256 }),
    layoutSha256: layoutDigest(layout),
    planHash,
    plan: document.plan,
    privacy: privacyOf(document),
    issuedAt: origin.openedAt,
    expiresAt: lastChance(origin, document),
  })

/** What is signed for the rounds of a task: once for each round that asks, and once more when the server's key has changed. */
export class Manifests {
  readonly #deps: ManifestDeps
  /** By the number of the round that asked. */
  readonly #signed = new Map<number, ModelManifest>()

  constructor(deps: ManifestDeps) {
    this.#deps = deps
  }

  of(task: Task, origin: Origin): ModelManifest {
    const { registry, sign, keyId } = this.#deps
    const kept = this.#signed.get(origin.roundNumber)
    if (kept?.keyId === keyId()) return kept
    const { parent, optimizerSha256 } = registry.version(task.id, origin.baseVersion)
    const correctionSha256 = task.strategy.optimizer.sharesState === true ? optimizerSha256 : null
    const manifest = manifestOf(task, origin, { parent, correctionSha256, sign })
    this.#signed.set(origin.roundNumber, manifest)
    return manifest
  }

  forgetBefore(roundNumber: number): void {
    for (const number of this.#signed.keys()) if (number < roundNumber) this.#signed.delete(number)
  }
}
