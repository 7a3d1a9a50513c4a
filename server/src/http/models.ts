import { PanalError, tfjsModelJson } from '@panal/client-core'
import type { FastifyReply } from 'fastify'
import { Type } from 'typebox'
import { answers, TaskParams, VersionParams } from './schemas.ts'
import type { App, AppDeps } from './ports.ts'
import { openToAllSites } from './security-headers.ts'

const ModelJson = Type.Object({}, { description: 'a tfjs LayersModel; its weights are one public blob' })

/** Models as `tf.loadLayersModel(url)` reads them, from any site. */
export function modelRoutes(app: App, { tasks, registry }: AppDeps): void {
  const send = (reply: FastifyReply, taskId: string, version: number, cacheControl: string) => {
    const { topology, layout } = tasks.get(taskId)
    const { weightsSha256 } = registry.version(taskId, version)
    const etag = `"${weightsSha256}"`
    reply.headers({ ...openToAllSites, 'cache-control': cacheControl, etag, 'panal-version': String(version) })
    if (reply.request.headers['if-none-match'] === etag) return reply.code(304).send()
    // Relative to /v1/tasks/<id>/models/<version>, as tfjs resolves it.
    return reply.send(tfjsModelJson(topology, layout, `../../../blobs/${weightsSha256}`))
  }

  app.get(
    '/tasks/:taskId/models/champion',
    {
      config: { audience: 'public' },
      schema: {
        tags: ['models'],
        summary: 'The model that is served now',
        params: TaskParams,
        response: answers(ModelJson, 'the model'),
      },
    },
    async ({ params: { taskId } }, reply) => {
      tasks.get(taskId)
      const { champion } = registry.pointers(taskId)
      if (champion === null) throw new PanalError('no-champion')
      return send(reply, taskId, champion, 'no-cache')
    },
  )

  app.get(
    '/tasks/:taskId/models/:version',
    {
      config: { audience: 'public' },
      schema: {
        tags: ['models'],
        summary: 'One version, for ever',
        params: VersionParams,
        response: answers(ModelJson, 'the model'),
      },
    },
    async ({ params: { taskId, version } }, reply) =>
      send(reply, taskId, version, 'public, max-age=31536000, immutable'),
  )
}
