import { PanalError, Sha256 } from '@panal/client-core'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { BlobReader } from './blob-reader.ts'
import type { App, AppDeps } from './ports.ts'
import { parseRange } from './range.ts'
import { openToAllSites } from './security-headers.ts'

const BlobParams = Type.Object({ sha256: Sha256 })
const immutable = { 'cache-control': 'public, max-age=31536000, immutable', 'accept-ranges': 'bytes' }

/** GET and HEAD /v1/blobs/<sha256>: weights and public samples, whole or in part. Anything else is not there. */
export function blobRoutes(app: App, { blobs, catalogue, rounds, config }: AppDeps): void {
  const reader = new BlobReader(blobs, config.blobCacheBytes)

  const serve = async (request: FastifyRequest, reply: FastifyReply, sha256: string) => {
    const blob = catalogue.isPublic(sha256) ? await reader.open(sha256) : undefined
    if (blob === undefined) throw new PanalError('not-found', 'there is no public blob of this digest')
    const { numBytes } = blob
    const etag = `"${sha256}"`
    reply.headers({ ...openToAllSites, ...immutable, etag }).type('application/octet-stream')
    if (request.headers['if-none-match'] === etag) return reply.code(304).send()
    // A resumed download names the ETag it began with; with another one the whole blob is the answer.
    const resumes = request.headers['if-range'] === undefined || request.headers['if-range'] === etag
    const range = parseRange(resumes ? request.headers.range : undefined, numBytes)
    if (range === 'unsatisfiable') return reply.code(416).header('content-range', `bytes */${numBytes}`).send()
    const whole = { start: 0, end: numBytes - 1 }
    const { start, end } = range === 'whole' ? whole : range
    if (range !== 'whole') reply.code(206).header('content-range', `bytes ${start}-${end}/${numBytes}`)
    reply.header('content-length', end - start + 1)
    if (request.method === 'HEAD') return reply.send()
    rounds.countDownload(sha256, end - start + 1)
    return reply.send(blob.body({ start, end }))
  }

  app.route<{ Params: { sha256: string } }>({
    method: ['GET', 'HEAD'],
    url: '/blobs/:sha256',
    config: { audience: 'public' },
    schema: {
      tags: ['models'],
      summary: 'Weights or a public sample, by digest',
      params: BlobParams,
      produces: ['application/octet-stream'],
    },
    handler: (request, reply) => serve(request, reply, request.params.sha256),
  })
}
