import { Value } from 'typebox/value'
import { ErrorBody, PanalError, type Pointers, type RoundSummary, type TaskCard } from '@panal/client-core'
import type { ModelVersion, TaskDocument } from '@panal/server'
import { setNames, type PreparedTask, type SetName, type StoredData } from './tasks/prepared-task.ts'

/** The server's HTTP API, as far as a researcher's program needs it. Every method @throws PanalError with the server's code. */
export interface ServerApi {
  /** Digest under which the bytes are stored. A `sample` is public, a `dataset` is never served. */
  storeDataset(bytes: Uint8Array, kind: 'dataset' | 'sample', signal?: AbortSignal): Promise<string>
  createTask(document: TaskDocument, signal?: AbortSignal): Promise<void>
  task(taskId: string, signal?: AbortSignal): Promise<TaskOverview>
  version(taskId: string, version: number, signal?: AbortSignal): Promise<ModelVersion>
  /** Newest first, at most `limit`. */
  rounds(taskId: string, limit: number, signal?: AbortSignal): Promise<readonly RoundSummary[]>
}

export interface TaskOverview {
  readonly card: TaskCard
  readonly pointers: Pointers
  readonly round: RoundSummary | null
  readonly numMembers: number
}

/** @param server scheme, host and port; @param token of an operator, for what is not public */
export function serverApi(server: string, token?: string): ServerApi {
  async function ask<T>(method: string, path: string, options: AskOptions = {}): Promise<T> {
    const { body, type, signal } = options
    const response = await fetch(`${server}/v1${path}`, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(type === undefined ? {} : { 'content-type': type }),
      },
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
    }).catch((cause: unknown) => {
      if (signal?.aborted === true) throw cause
      const detail = `no server answers at ${server}: name another with --server or PANAL_SERVER`
      throw new PanalError('unreachable', detail, { cause })
    })
    const answer: unknown = await response.json().catch(() => undefined)
    if (response.ok) return answer as T
    if (!Value.Check(ErrorBody, answer))
      throw new PanalError('internal', `${method} ${path}: status ${response.status}`)
    const { code, detail, errors } = answer as ErrorBody
    throw new PanalError(code, detail, { extra: { errors } })
  }
  const segment = encodeURIComponent
  return {
    async storeDataset(bytes, kind, signal) {
      const options = { body: new Uint8Array(bytes), type: 'application/octet-stream', signal }
      const { sha256 } = await ask<{ sha256: string }>('PUT', `/datasets?kind=${kind}`, options)
      return sha256
    },
    async createTask(document, signal) {
      await ask('POST', '/tasks', { body: JSON.stringify(document), type: 'application/json', signal })
    },
    task: (taskId, signal) => ask('GET', `/tasks/${segment(taskId)}`, { signal }),
    version: (taskId, version, signal) => ask('GET', `/tasks/${segment(taskId)}/versions/${version}`, { signal }),
    async rounds(taskId, limit, signal) {
      const path = `/tasks/${segment(taskId)}/rounds?limit=${limit}`
      return (await ask<{ rounds: readonly RoundSummary[] }>('GET', path, { signal })).rounds
    },
  }
}

interface AskOptions {
  readonly body?: string | Uint8Array<ArrayBuffer>
  readonly type?: string
  readonly signal?: AbortSignal | undefined
}

/**
 * Stores a task's sets and samples, then creates the task; its rounds start with the first devices.
 * `onStored` is told the bytes of each file once the server has it.
 */
export async function publishTask(
  api: ServerApi,
  prepared: PreparedTask,
  options: {
    readonly adjust?: (document: TaskDocument) => TaskDocument
    readonly onStored?: (numBytes: number) => void
    readonly signal?: AbortSignal
  } = {},
): Promise<TaskDocument> {
  const { adjust, onStored, signal } = options
  const store = async (bytes: Uint8Array, kind: 'dataset' | 'sample') => {
    const sha256 = await api.storeDataset(bytes, kind, signal)
    onStored?.(bytes.length)
    return sha256
  }
  const digests = await Promise.all(
    setNames.map(async (name): Promise<[SetName, string]> => [name, await store(prepared.sets[name], 'dataset')]),
  )
  const cases = await store(prepared.cases, 'dataset')
  const samples = await Promise.all(
    prepared.samples.map(async ({ label, numExamples, bytes }) => ({
      label,
      numExamples,
      sha256: await store(bytes, 'sample'),
    })),
  )
  const stored: StoredData = { sets: Object.fromEntries(digests) as StoredData['sets'], cases, samples }
  const original = prepared.document(stored)
  const document = adjust?.(original) ?? original
  await api.createTask(document, signal)
  return document
}
