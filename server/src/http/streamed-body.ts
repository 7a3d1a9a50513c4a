import { PanalError } from '@panal/client-core'
import type { FastifyRequest } from 'fastify'
import type { IncomingMessage } from 'node:http'
import type { App } from './ports.ts'

/** In this scope a body of raw octets reaches the handler as the stream it is; every other body is refused. */
export function acceptStreams(app: App): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload))
  app.addHook('onRequest', ({ method, headers }, _reply, done) =>
    done(
      method === 'PUT' && headers['content-type'] === undefined ? new PanalError('unsupported-media-type') : undefined,
    ),
  )
}

/** The declared length of a body. @throws PanalError 'length-mismatch' without one */
export function declaredLength({ headers }: FastifyRequest): number {
  const length = headers['content-length']
  if (length === undefined) throw new PanalError('length-mismatch', 'the header Content-Length is missing')
  return Number(length)
}

/**
 * The body as a stream, unread. A connection that brings nothing for `idleMs` is cut; after the last byte it may be
 * silent for as long as the verdict takes.
 */
export function streamOf({ raw }: FastifyRequest, idleMs: number): IncomingMessage {
  const { socket } = raw
  socket.setTimeout(idleMs)
  raw.once('end', () => socket.setTimeout(0))
  return raw
}
