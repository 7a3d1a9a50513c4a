import { PanalError, Sha256, TaskId } from '@panal/client-core'
import { Type } from 'typebox'
import { datasetLooker } from '../registry/look-at-dataset.ts'
import { StoredDatasets } from '../registry/stored-datasets.ts'
import { nameOf } from './audience.ts'
import type { App, AppDeps } from './ports.ts'
import { answers } from './schemas.ts'
import { acceptStreams, declaredLength, streamOf } from './streamed-body.ts'

const Look = Type.Union([
  Type.Object({ format: Type.Literal('csv'), numRows: Type.Integer(), columns: Type.Array(Type.String()) }),
  Type.Object({
    format: Type.Literal('safetensors'),
    tensors: Type.Array(Type.Object({ name: Type.String(), dtype: Type.String(), shape: Type.Array(Type.Integer()) })),
  }),
])
const Stored = Type.Object({ sha256: Sha256, numBytes: Type.Integer(), look: Look })
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

const Listed = Type.Object({
  sha256: Sha256,
  kind: Type.Union([Type.Literal('dataset'), Type.Literal('sample')]),
  numBytes: Type.Integer(),
  addedAt: Type.Integer(),
  look: Type.Union([Look, Type.Null()]),
  uses: Type.Array(Type.Object({ taskId: TaskId, path: Type.String() })),
})

/** /v1/datasets: the server's own examples. */
export function datasetRoutes(app: App, { blobs, catalogue, config, log, tasks, uploads }: AppDeps): void {
  acceptStreams(app)
  const stored = new StoredDatasets({ catalogue, blobs, tasks, log })
  app.get(
    '/datasets',
    {
      config: { audience: 'operator' },
      schema: {
        tags: ['datasets'],
        summary: 'The stored datasets, newest first',
        description:
          'What each looks like (null: its file is gone or unreadable), and where the documents of which tasks name it. Never an example. Nothing is hashed: `panal check` does that.',
        response: answers(Type.Object({ datasets: Type.Array(Listed) }), 'the datasets'),
      },
    },
    async () => ({ datasets: await stored.list() }),
  )

  app.put(
    '/datasets',
    {
      config: { audience: 'operator', streams: true },
      schema: {
        tags: ['datasets'],
        summary: 'Store a dataset',
        description:
          'Whether it fits a task is told when a task names it; what is neither a CSV table nor safetensors is refused now.',
        querystring: Kind,
        consumes: ['application/octet-stream'],
        response: answers(Stored, 'stored under its digest, and what it looks like'),
      },
    },
    async (request) => {
      const length = declaredLength(request)
      if (length > config.maxDatasetBytes)
        throw new PanalError('too-large', `a dataset may have ${config.maxDatasetBytes} bytes (--max-dataset-bytes)`)
      const looker = datasetLooker(length)
      const store = () => blobs.putStream(streamOf(request, config.uploadIdleMs), config.maxDatasetBytes, looker)
      const stored = await uploads.use(length, store, 'blobs')
      if (stored.numBytes !== length) throw new PanalError('length-mismatch')
      catalogue.addDataset({ ...stored, kind: request.query.kind ?? 'dataset' }, nameOf(request.person))
      return { ...stored, look: looker.end() }
    },
  )
}
