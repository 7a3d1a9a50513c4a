import type { Params } from '@panal/client-core'
import type { Candidate } from '../round/candidate.ts'
import type { BlobStore } from '../store/blobs.ts'
import { paramsToBytes } from '../store/params-bytes.ts'
import type { BlobKind } from '../store/schema.ts'
import type { ModelVersion } from './model-version.ts'

/** A candidate whose vectors are durable. */
export interface StoredCandidate {
  /** As its version's row names them. */
  readonly named: Pick<ModelVersion, 'weightsSha256' | 'numBytes' | 'optimizerSha256' | 'aggregateSha256'>
  /** To be recorded with that row, beside the weights. */
  readonly besides: readonly { readonly sha256: string; readonly kind: BlobKind; readonly numBytes: number }[]
}

/** Weights, state of the server's optimizer and aggregate as blobs, before any row names them. */
export async function storeCandidate(candidate: Candidate, blobs: Pick<BlobStore, 'put'>): Promise<StoredCandidate> {
  const { params, optimizerState: state, aggregate, sharesState } = candidate
  const put = (vector: Params): Promise<string> => blobs.put(paramsToBytes(vector))
  const weightsSha256 = await put(params)
  const optimizerSha256 = state.length === 0 ? null : await put(state)
  const aggregateSha256 = aggregate === undefined ? null : await put(aggregate)
  // What devices download is public, as weights are.
  const kind = sharesState === true ? 'weights' : 'optimizer'
  return {
    named: { weightsSha256, numBytes: params.byteLength, optimizerSha256, aggregateSha256 },
    besides: [
      ...(optimizerSha256 === null ? [] : [{ sha256: optimizerSha256, kind, numBytes: state.byteLength } as const]),
      ...(aggregateSha256 === null
        ? []
        : [{ sha256: aggregateSha256, kind: 'aggregate', numBytes: aggregate!.byteLength } as const]),
    ],
  }
}
