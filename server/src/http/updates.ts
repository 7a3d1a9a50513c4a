import { PanalError, Receipt, RoundNumber, Sha256, TaskId, UpdateHeader } from '@panal/client-core'
import { Ajv } from 'ajv'
import { Type } from 'typebox'
import { failpoint } from '../failpoint.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { UploadTarget } from '../round/contract.ts'
import { requireSpace } from './health.ts'
import type { App, AppDeps } from './ports.ts'
import { parseContentRange } from './range.ts'
import { schemaErrors } from './schema-errors.ts'
import { answers } from './schemas.ts'
import { acceptStreams, declaredLength, streamOf } from './streamed-body.ts'

const UpdateParams = Type.Object({ taskId: TaskId, roundNumber: RoundNumber, sha256: Sha256 })
const url = '/tasks/:taskId/rounds/:roundNumber/updates/:sha256'
const isHeader = new Ajv({ strict: true, allErrors: true }).compile<UpdateHeader>(UpdateHeader)

/** …/updates/<sha256>: HEAD says how much the server holds, PUT brings the rest. Bytes go to disk as they come. */
export function updateRoutes(app: App, { rounds, config, tasks, devices, disk }: AppDeps, metrics: Metrics): void {
  acceptStreams(app)
  const refuseStrangers = (deviceId: string, taskId: string) => {
    tasks.get(taskId)
    if (devices.standing(deviceId, taskId) !== 'good')
      throw new PanalError('not-assigned', 'this device has not enrolled for this task')
  }
  const common = { config: { audience: 'device', streams: true } } as const

  app.head(
    url,
    {
      ...common,
      schema: { tags: ['updates'], summary: 'How much of an update the server holds', params: UpdateParams },
    },
    async ({ params, deviceId }, reply) => {
      refuseStrangers(deviceId, params.taskId)
      const { offset } = await rounds.uploadOffset({ ...params, deviceId })
      return reply.header('upload-offset', offset).header('cache-control', 'no-store').send()
    },
  )

  app.put(
    url,
    {
      ...common,
      schema: {
        tags: ['updates'],
        summary: 'Upload an update, or the rest of one',
        description: 'The `Panal-Update` header says what it is. The receipt comes only after the update is durable.',
        params: UpdateParams,
        consumes: ['application/octet-stream'],
        response: answers(Receipt, 'accepted'),
      },
      onResponse: async (_request, reply) => {
        if (reply.statusCode === 200) failpoint('after-receipt')
      },
    },
    async (request) => {
      const { taskId, roundNumber, sha256 } = request.params
      refuseStrangers(request.deviceId, taskId)
      const target: UploadTarget = { taskId, roundNumber, sha256, deviceId: request.deviceId }
      const header = updateHeader(request.headers['panal-update'])
      const offset = uploadOffset(request.headers['content-range'], declaredLength(request), header.bytes)
      return await metrics.upload(taskId, header.bytes - offset, async () => {
        requireSpace(disk)
        return rounds.receiveUpdate(target, header, offset, streamOf(request, config.uploadIdleMs))
      })
    },
  )
}

/** @throws PanalError 'bad-update-header' */
function updateHeader(text: string | string[] | undefined): UpdateHeader {
  const value = typeof text === 'string' && text.length <= 4096 ? parseJson(text) : undefined
  if (value === undefined) throw new PanalError('bad-update-header', 'Panal-Update is missing or not JSON')
  if (isHeader(value)) return value
  throw new PanalError('bad-update-header', undefined, { extra: { errors: schemaErrors(isHeader.errors ?? []) } })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Where the body starts in the update. @throws PanalError 'bad-offset' | 'length-mismatch' */
function uploadOffset(contentRange: string | undefined, length: number, numBytes: number): number {
  const range =
    contentRange === undefined ? { start: 0, end: numBytes - 1, size: numBytes } : parseContentRange(contentRange)
  if (range === undefined || range.size !== numBytes || range.end !== numBytes - 1)
    throw new PanalError('bad-offset', 'Content-Range must reach from the first missing byte to the end of the update')
  if (length !== range.end - range.start + 1)
    throw new PanalError('length-mismatch', 'Content-Length is not the number of bytes that were announced')
  return range.start
}
