import type { ErrorCode } from '@panal/client-core'
import { clock } from '../clock.ts'
import { noteDate } from './server-clock.ts'

export interface FieldError {
  readonly path: string
  readonly message: string
}

/** A request that did not succeed: the server's own code, or `unreachable` when no server answered. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: ErrorCode | 'unreachable'
  readonly errors: readonly FieldError[]
  constructor(code: ErrorCode | 'unreachable', detail: string, errors: readonly FieldError[] = []) {
    super(detail)
    this.code = code
    this.errors = errors
  }
}

export const isUnreachable = (error: unknown): boolean => error instanceof ApiError && error.code === 'unreachable'

/** GET as JSON. @throws ApiError */
export const getJson = <T>(path: string, signal?: AbortSignal): Promise<T> =>
  request<T>(path, signal === undefined ? {} : { signal })

/** A request that changes something: with the header that a form on another site cannot send. @throws ApiError */
export const sendJson = <T>(method: 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<T> =>
  request<T>(path, {
    method,
    headers: { 'x-panal-csrf': '1', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })

async function request<T>(path: string, init: RequestInit): Promise<T> {
  const sentAt = clock.now()
  const response = await fetch(path, { credentials: 'same-origin', ...init }).catch((cause: unknown) => {
    if (init.signal?.aborted === true) throw cause
    throw new ApiError('unreachable', 'The server does not answer.')
  })
  noteDate(response.headers.get('date'), sentAt)
  const text = await response.text()
  const body = parse(text)
  if (response.ok) {
    if (text !== '' && body === undefined) throw new ApiError('unreachable', 'What answered is not a Panal server.')
    return body as T
  }
  throw refusal(body, response.status)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

function refusal(body: unknown, status: number): ApiError {
  if (typeof body !== 'object' || body === null || !('code' in body) || typeof body.code !== 'string')
    return new ApiError('unreachable', `The server answered with HTTP ${status}.`)
  const detail = 'detail' in body && typeof body.detail === 'string' ? body.detail : body.code
  return new ApiError(body.code as ErrorCode, detail, 'errors' in body ? fieldErrors(body.errors) : [])
}

const fieldErrors = (errors: unknown): FieldError[] =>
  Array.isArray(errors)
    ? errors.flatMap((each: unknown) =>
        typeof each === 'object' && each !== null && 'path' in each && 'message' in each
          ? [{ path: String(each.path), message: String(each.message) }]
          : [],
      )
    : []
