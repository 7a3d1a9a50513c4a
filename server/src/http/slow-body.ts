import { PanalError } from '@panal/client-core'
import type { FastifyInstance } from 'fastify'

/**
 * Cuts a small request whose body trickles in: Node's own limit on a whole request must leave room for uploads, so
 * everything else gets this one. Routes that stream set `config.streams` and watch over their own body.
 */
export function limitSlowBodies(app: FastifyInstance, requestTimeoutMs: number): void {
  app.addHook('preParsing', (request, reply, payload, done) => {
    if (request.routeOptions.config.streams !== true) {
      const tooSlow = () => {
        if (!reply.sent) void reply.header('connection', 'close').send(new PanalError('too-slow'))
      }
      const timer = setTimeout(tooSlow, requestTimeoutMs)
      const stop = () => clearTimeout(timer)
      payload.once('end', stop).once('close', stop)
    }
    done(null, payload)
  })
}
