import { PanalError, Sha256 } from '@panal/client-core'
import { Type } from 'typebox'
import { nameOf } from './audience.ts'
import type { App, AppDeps } from './ports.ts'
import { answers } from './schemas.ts'
import { acceptStreams, declaredLength, streamOf } from './streamed-body.ts'

const Stored = Type.Object({ sha256: Sha256, numBytes: Type.Integer() })
const Kind = Type.Object(
  {
    kind: Type.Optional(
      Type.Union([Type.Literal('dataset'), Type.Literal('sample')], {
        description: '`dataset` (default): for evaluation, never served. `sample`: public, for visitors without data',
      }),
    ),
  },
  { additionalProperties: false },
)

/** PUT /v1/datasets: the server's own examples. */
export function datasetRoutes(app: App, { blobs, catalogue, config, uploads }: AppDeps): void {
  acceptStreams(app)
  app.put(
    '/datasets',
    {
      config: { audience: 'operator', streams: true },
      schema: {
        tags: ['datasets'],
        summary: 'Store a dataset',
        querystring: Kind,
        consumes: ['application/octet-stream'],
        response: answers(Stored, 'stored under its digest'),
      },
    },
    async (request) => {
      const length = declaredLength(request)
      if (length > config.maxDatasetBytes)
        throw new PanalError('too-large', `a dataset may have ${config.maxDatasetBytes} bytes (--max-dataset-bytes)`)
      const stored = await uploads.use(length, () =>
        blobs.putStream(streamOf(request, config.uploadIdleMs), config.maxDatasetBytes),
      )
      if (stored.numBytes !== length) throw new PanalError('length-mismatch')
      catalogue.addDataset({ ...stored, kind: request.query.kind ?? 'dataset' }, nameOf(request.person))
      return stored
    },
  )
}
