import rateLimit from '@fastify/rate-limit'
import { PanalError } from '@panal/client-core'
import type { FastifyRequest } from 'fastify'
import type { Config } from '../config.ts'
import { networkOf } from './network.ts'
import type { App } from './ports.ts'

/**
 * One bucket a minute for each device, and for whoever is no device one for each network (IPv4 /24, IPv6 /56). A route
 * may set a tighter one of its own in `config.rateLimit`. Register it before `guardAudience`, which says who is a device.
 */
export async function limitRates(app: App, config: Config): Promise<void> {
  await app.register(rateLimit, {
    max: ({ deviceId }: FastifyRequest) =>
      deviceId === '' ? config.networkRequestsPerMinute : config.deviceRequestsPerMinute,
    timeWindow: 60_000,
    keyGenerator: ({ deviceId, ip }) => (deviceId === '' ? networkOf(ip) : deviceId),
    // Buckets kept: least recently used out first, so that a flood of addresses cannot fill the memory.
    cache: 50_000,
    errorResponseBuilder: (_request, { ttl }) => new PanalError('rate-limited', undefined, { retryAfterMs: ttl }),
    addHeaders: noHeaders,
    addHeadersOnExceeding: noHeaders,
  })
}

/** The refusal says all that a client needs, and an answer that caches keep for ever should say nothing of a bucket. */
const noHeaders = { 'x-ratelimit-limit': false, 'x-ratelimit-remaining': false, 'x-ratelimit-reset': false }
