import { PanalError, tfjsModelJson, type Calibrator } from '@panal/client-core'
import type { FastifyReply } from 'fastify'
import { Type } from 'typebox'
import { isHeld, type ModelVersion } from '../registry/model-version.ts'
import { answers, TaskParams, VersionParams } from './schemas.ts'
import type { App, AppDeps } from './ports.ts'
import { openToAllSites } from './security-headers.ts'

const forever = 'public, max-age=31536000, immutable'

const ModelJson = Type.Object({}, { description: 'a tfjs LayersModel; its weights are one public blob' })

/** Which weights are served, and what is left for whoever loads them: the weights have the calibrator in them, or cannot. */
function served({ weightsSha256, servedSha256, calibrator }: ModelVersion): { sha256: string; toApply?: Calibrator } {
  if (servedSha256 !== null) return { sha256: servedSha256 }
  const isIdentity = calibrator === null || calibrator.method === 'identity'
  return { sha256: weightsSha256, ...(!isIdentity && { toApply: calibrator }) }
}

/** Models as `tf.loadLayersModel(url)` reads them, from any site: calibrated, as they are served. */
export function modelRoutes(app: App, { tasks, registry }: AppDeps): void {
  const send = (reply: FastifyReply, taskId: string, version: ModelVersion, cacheControl: string) => {
    const { topology, layout } = tasks.get(taskId)
    const { sha256, toApply } = served(version)
    const etag = `"${sha256}${toApply === undefined ? '' : `-${toApply.method}`}"`
    reply.headers({ ...openToAllSites, 'cache-control': cacheControl, etag, 'panal-version': String(version.version) })
    if (reply.request.headers['if-none-match'] === etag) return reply.code(304).send()
    // Relative to /v1/tasks/<id>/models/<version>, as tfjs resolves it.
    return reply.send(tfjsModelJson(topology, layout, `../../../blobs/${sha256}`, toApply))
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
      return send(reply, taskId, registry.version(taskId, champion), 'no-cache')
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
    async ({ params: { taskId, version } }, reply) => {
      tasks.get(taskId)
      const found = registry.version(taskId, version)
      // Until the gate has judged it for good, it may yet get another calibrator.
      const mayChange = found.status === 'candidate' || isHeld(found)
      return send(reply, taskId, found, mayChange ? 'no-cache' : forever)
    },
  )
}
