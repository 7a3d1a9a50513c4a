import { layoutDigest, privacyOf, type ModelManifest, type Signed, type Statement } from '@panal/client-core'
import type { Task } from '../registry/task.ts'
import type { CollectingRound } from './state.ts'

/** Puts the server's name under a statement: `ServerKeys.sign`. */
export type Sign = <const Fields extends { readonly statement: string }>(fields: Fields) => Signed<Fields & Statement>

export interface ManifestParts {
  /** Of the base. */
  readonly parent: number | null
  /** Of the optimizer state that goes with the base, if devices are sent it. */
  readonly correctionSha256: string | null
  readonly sign: Sign
}

/** What the devices of a round train from and how [P25]: the same for all of them, and after a restart. */
export const manifestOf = (
  { id, layout, document }: Task,
  round: Pick<CollectingRound, 'baseVersion' | 'baseSha256' | 'planHash' | 'openedAt' | 'deadlineAt'>,
  { parent, correctionSha256, sign }: ManifestParts,
): ModelManifest =>
  sign({
    statement: 'model-manifest',
    taskId: id,
    version: round.baseVersion,
    parent,
    weightsSha256: round.baseSha256,
    numBytes: layout.size * Float32Array.BYTES_PER_ELEMENT,
    ...(correctionSha256 !== null && { correctionSha256 }),
    layoutSha256: layoutDigest(layout),
    planHash: round.planHash,
    plan: document.plan,
    privacy: privacyOf(document),
    issuedAt: round.openedAt,
    expiresAt: round.deadlineAt,
  })
