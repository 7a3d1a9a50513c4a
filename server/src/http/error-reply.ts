import { PanalError, errorCodes, type ErrorBody, type ErrorCode } from '@panal/client-core'
import type { ErrorObject } from 'ajv'
import { schemaErrors } from './schema-errors.ts'

/** What Fastify, its plugins and Node call the refusals they make before a handler of ours runs. */
const foreignCodes: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported-media-type',
  FST_ERR_CTP_BODY_TOO_LARGE: 'too-large',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'length-mismatch',
  FST_ERR_NOT_FOUND: 'not-found',
  FST_ERR_REP_ALREADY_SENT: 'internal',
  ERR_HTTP_REQUEST_TIMEOUT: 'too-slow',
  ECONNRESET: 'length-mismatch',
  HPE_HEADER_OVERFLOW: 'too-large',
}
const byStatus: Readonly<Record<number, ErrorCode>> = {
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not-found',
  405: 'not-found',
  408: 'too-slow',
  413: 'too-large',
  414: 'not-found',
  415: 'unsupported-media-type',
  416: 'bad-offset',
  429: 'rate-limited',
  503: 'busy',
}

export interface ErrorReply {
  readonly status: number
  readonly body: ErrorBody
}

/** The one place where anything thrown becomes an answer. What is not an expected refusal says nothing of itself. */
export function errorReply(error: unknown): ErrorReply {
  if (error instanceof PanalError) return fromPanalError(error)
  const { code, statusCode, validation, validationContext } = (error ?? {}) as ForeignError
  if (validation !== undefined) {
    const detail = `the ${validationContext ?? 'request'} does not match its schema`
    return { status: 400, body: { code: 'bad-request', detail, errors: schemaErrors(validation) } }
  }
  const known = foreignCodes[code ?? ''] ?? byStatus[statusCode ?? 0]
  if (known !== undefined) return plain(known)
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) return plain('bad-request')
  return plain('internal')
}

interface ForeignError {
  readonly code?: string
  readonly statusCode?: number
  readonly validation?: readonly ErrorObject[]
  readonly validationContext?: string
}

const plain = (code: ErrorCode): ErrorReply => ({
  status: errorCodes[code].status,
  body: { code, detail: errorCodes[code].meaning },
})

function fromPanalError({ code, status, message, retryAfterMs, extra }: PanalError): ErrorReply {
  return { status, body: { ...extra, code, detail: message, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) } }
}

/** `Retry-After` counts whole seconds. */
export const retryAfterSeconds = (retryAfterMs: number): string => String(Math.max(1, Math.ceil(retryAfterMs / 1000)))
