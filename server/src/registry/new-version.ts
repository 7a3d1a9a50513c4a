import type { EpochMs } from '@panal/client-core'
import type { ModelVersion } from './model-version.ts'
import { dataDigest } from './updates.ts'

/** Digest of a version that no update went into. */
const noData = dataDigest([])

/** What a version is called, and what made it when. */
export interface NewVersion {
  readonly taskId: string
  readonly version: number
  readonly planHash: string
  readonly codeVersion: string
  readonly createdAt: EpochMs
}

/** What every new version has in common: its weights are to be added. */
export const newVersion = (named: NewVersion): Omit<ModelVersion, 'weightsSha256' | 'numBytes'> => ({
  ...named,
  parent: null,
  roundNumber: null,
  status: 'candidate',
  optimizerSha256: null,
  aggregateSha256: null,
  participants: [],
  dataDigest: noData,
  evaluation: null,
  calibrator: null,
  servedSha256: null,
  replayOf: null,
})
