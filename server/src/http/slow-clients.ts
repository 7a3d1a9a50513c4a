import type { IncomingMessage } from 'node:http'
import { PanalError } from '@panal/client-core'
import type { FastifyInstance } from 'fastify'

/**
 * Cuts a small request whose body trickles in, one that goes on sending after its refusal, and a client that does not
 * read its answer. Node's own limit on a whole
 * request must leave room for uploads, and its limit on silence would also cut a client that waits for a slow handler.
 * Routes that stream set `config.streams` and watch over their own body.
 */
export function limitSlowClients(
  app: FastifyInstance,
  limits: { readonly requestTimeoutMs: number; readonly connectionTimeoutMs: number },
): void {
  app.addHook('preParsing', (request, reply, payload, done) => {
    if (hasBody(request.raw) && request.routeOptions.config.streams !== true) {
      const tooSlow = () => {
        if (!reply.sent) void reply.header('connection', 'close').send(new PanalError('too-slow'))
      }
      const timer = setTimeout(tooSlow, limits.requestTimeoutMs)
      const stop = () => clearTimeout(timer)
      payload.once('end', stop).once('close', stop)
    }
    done(null, payload)
  })
  // What is left of a refused body is read to its end, so that the refusal can be; for so long, and no longer.
  app.addHook('onResponse', ({ raw }, _reply, done) => {
    if (hasBody(raw) && !raw.complete) {
      const timer = setTimeout(() => raw.socket.destroy(), limits.requestTimeoutMs).unref()
      raw.once('close', () => clearTimeout(timer))
    }
    done()
  })
  app.addHook('preHandler', (request, _reply, done) => {
    request.raw.socket.setTimeout(0)
    done()
  })
  app.addHook('onSend', (request, _reply, _payload, done) => {
    request.raw.socket.setTimeout(limits.connectionTimeoutMs)
    done()
  })
}

/** A request without one has arrived when its headers have: what it waits for then is the server. */
const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
