import { PanalError, ReportSignature, SamplePage, SampleQuerySchema, type SampleQuery } from '@panal/client-core'
import type { FastifyReply } from 'fastify'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { reportPolicy } from '../gate/report/report-html.ts'
import { makeReports } from '../gate/report/reports.ts'
import type { App, AppDeps } from './ports.ts'
import { answers, VersionParams } from './schemas.ts'

const View = Type.Object({
  report: Type.Object({}, { description: 'what the gate found, word for word as it was signed' }),
  signature: Type.Union([ReportSignature, Type.Null()]),
  title: Type.String({ description: 'of the task' }),
  status: Type.String({ description: 'what became of the version' }),
  weightsSha256: Type.String(),
  looks: Type.Array(Type.Object({}, { description: 'judgements by the same gate set, oldest first' })),
})

const judgement = Type.Optional(
  Type.Integer({ minimum: 1, maximum: 2 ** 52, description: 'of a version that was judged again; default the newest' }),
)
const Which = Type.Object({ judgement }, { additionalProperties: false })

const Samples = Type.Object(
  {
    judgement,
    query: Type.String({ maxLength: 4000, description: '`samples` of a row of the report, as JSON' }),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 20 })),
    offset: Type.Optional(Type.Integer({ minimum: 0, maximum: 1e7, default: 0 })),
  },
  { additionalProperties: false },
)

/** What the gate found of a version: signed for programs, as a file for people, and the examples behind it. */
export function reportRoutes(app: App, deps: AppDeps): void {
  const { samples } = deps
  const reports = makeReports(deps)
  const path = '/tasks/:taskId/versions/:version'

  app.get(
    `${path}/report.json`,
    {
      config: { audience: 'public' },
      schema: {
        tags: ['versions'],
        summary: 'The gate’s report of a version, signed',
        description:
          'The signature is Ed25519 over the RFC 8785 JSON of its other fields, by a key of `/v1/keys`. Its subject is the digest of the model’s weights. `null`: judged before reports were signed.',
        params: VersionParams,
        querystring: Which,
        response: answers(View, 'the report'),
      },
    },
    ({ params, query }, reply) => {
      reply.header('cache-control', 'no-cache')
      return { ...reports.view({ ...params, ...query }) }
    },
  )

  app.get(
    `${path}/report.html`,
    {
      // It shows some of the server's own examples.
      config: { audience: 'viewer' },
      schema: {
        tags: ['versions'],
        summary: 'The gate’s report of a version as one file, to read, print and keep',
        params: VersionParams,
        querystring: Which,
        produces: ['text/html'],
        response: { ...answers(Type.Object({})), 200: Type.String({ description: 'a page without scripts' }) },
      },
    },
    async ({ params, query }, reply) => {
      const { taskId, version } = params
      const html = await reports.html({ ...params, ...query }, untilGone(reply))
      return reply
        .headers({
          'content-security-policy': reportPolicy,
          'content-disposition': `inline; filename="${taskId}-model-${version}-report.html"`,
          'cache-control': 'private, no-cache',
        })
        .type('text/html; charset=utf-8')
        .send(html)
    },
  )

  app.get(
    `${path}/samples`,
    {
      config: { audience: 'viewer' },
      schema: {
        tags: ['versions'],
        summary: 'The examples behind a row of a report, worst first',
        params: VersionParams,
        querystring: Samples,
        response: answers(SamplePage, 'some of them'),
      },
    },
    async ({ params, query: { query, limit = 20, offset = 0, judgement } }, reply) => {
      reply.header('cache-control', 'private, no-cache')
      return samples.read({ ...params, judgement, query: readQuery(query), limit, offset }, untilGone(reply))
    },
  )
}

/** @throws PanalError 'bad-request' */
function readQuery(json: string): SampleQuery {
  try {
    const query: unknown = JSON.parse(json)
    if (Value.Check(SampleQuerySchema, query)) return query
  } catch {
    // Told below.
  }
  throw new PanalError('bad-request', '`query` must be the JSON of a row’s `samples`')
}

/** Aborts when whoever asked has gone: models need not answer for nobody. */
function untilGone(reply: FastifyReply): AbortSignal {
  const controller = new AbortController()
  reply.raw.once('close', () => controller.abort(new PanalError('unreachable', 'whoever asked has gone')))
  return controller.signal
}
