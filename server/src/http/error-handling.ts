import type { Socket } from 'node:net'
import { PanalError, type ErrorBody } from '@panal/client-core'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { errorReply, retryAfterSeconds, type ErrorReply } from './error-reply.ts'
import type { App } from './ports.ts'
import { bareHeaders } from './security-headers.ts'

/** The one error handler: every refusal leaves as an `ErrorBody`, and one structured line says so. */
export function handleErrors(app: App): void {
  app.setErrorHandler((error, request, reply) => sendRefusal(error, request, reply))
  app.setNotFoundHandler((request, reply) => sendRefusal(new PanalError('not-found'), request, reply))
}

export function sendRefusal(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status, body } = errorReply(error)
  const route = request.routeOptions.url ?? 'none'
  if (status >= 500 && !(error instanceof PanalError)) request.log.error({ err: error, route }, 'request failed')
  else request.log.info({ code: body.code, status, route }, 'request refused')
  if (body.retryAfterMs !== undefined) reply.header('retry-after', retryAfterSeconds(body.retryAfterMs))
  // What is left of an oversize body would be read to its end only to keep the connection.
  if (body.code === 'too-large') reply.header('connection', 'close')
  return reply
    .code(status)
    .headers({ 'cache-control': 'no-store' })
    .type('application/json; charset=utf-8')
    .send(JSON.stringify(body))
}

/** What Node refuses before there is a request: half a header, a header too long, one that never ends. */
export function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable || socket.destroyed) return void socket.destroy()
  const { status, body } = broken(error.code)
  const text = JSON.stringify(body)
  const head = `HTTP/1.1 ${status} Refused\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}`
  const more = Object.entries(bareHeaders).map(([name, value]) => `\r\n${name}: ${value}`)
  socket.end(`${head}${more.join('')}\r\nConnection: close\r\n\r\n${text}`)
}

function broken(code: string | undefined): ErrorReply {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return errorReply(new PanalError('too-slow'))
  const tooLong = code === 'HPE_HEADER_OVERFLOW'
  const body: ErrorBody = { code: 'bad-request', detail: tooLong ? 'the headers are too long' : 'this is not HTTP' }
  return { status: tooLong ? 431 : 400, body }
}
