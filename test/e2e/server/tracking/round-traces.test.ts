import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import type { Assignment, RoundSummary } from '@panal/client-core'
import { createTask, useLiveServer } from '../../../fixtures/live-server.ts'
import { joinTask, next, putUpdate, updateOf, type RawDevice } from '../../../fixtures/raw-device.ts'

interface OtlpValue {
  readonly stringValue?: string
  readonly intValue?: number
}
type OtlpAttributes = readonly { readonly key: string; readonly value: OtlpValue }[]
interface OtlpSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: OtlpAttributes
  readonly events?: readonly { readonly name: string; readonly attributes: OtlpAttributes }[]
  readonly links?: readonly { readonly traceId: string }[]
  readonly status?: { readonly code?: number; readonly message?: string }
}
interface OtlpBody {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: OtlpAttributes }
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[]
  }[]
}

/** A collector: OTLP over HTTP, and what came. */
const bodies: OtlpBody[] = []
const collector = createServer((request, response) => {
  void json(request).then((body) => {
    if (request.method === 'POST' && request.url === '/v1/traces') bodies.push(body as OtlpBody)
    response.setHeader('content-type', 'application/json')
    response.end('{}')
  })
})
await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve))
const otlpEndpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`
afterAll(() => void collector.close())

const live = useLiveServer({ otlpEndpoint })
const numParams = 51
let devices: RawDevice[]

beforeAll(async () => {
  await createTask(live, {
    cohort: { size: 3, overSelection: 1, reportingGoal: 3, minimum: 2, deadlineMs: 600_000 },
    lease: { heartbeatMs: 60_000, leaseMs: 600_000 },
  })
  devices = await Promise.all([1, 2, 3].map(() => joinTask(live, 'digits')))
}, 60_000)
afterAll(() => devices.forEach(({ socket }) => socket.close()))

const attributesOf = (attributes: OtlpAttributes): Record<string, string | number | undefined> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue]))

/** Two good updates and one that is not finite. Resolves with the offers of the next round. */
async function round(offers: readonly Assignment[]): Promise<Assignment[]> {
  const following = devices.map(({ socket }) => next<Assignment>(socket, 'assignment'))
  const closed = new Promise<RoundSummary>((resolve) =>
    devices[0]!.socket.on('round', (summary: RoundSummary) => {
      if (summary.phase === 'closed' && summary.number === offers[0]!.roundNumber) resolve(summary)
    }),
  )
  for (const [index, device] of devices.entries())
    await putUpdate(live, device, offers[index]!, { bytes: updateOf(numParams, index === 2 ? NaN : 0.001) })
  await closed
  return Promise.all(following)
}

it('each round is one trace, a span for each step, an event for each verdict, a link to the round it builds on', async () => {
  const second = await round(await Promise.all(devices.map(({ assignment }) => assignment)))
  await round(second) // the third is open when the server stops
  await live.close()

  const text = JSON.stringify(bodies)
  const spans = bodies.flatMap(({ resourceSpans }) =>
    resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
  )
  const resource = attributesOf(bodies[0]!.resourceSpans[0]!.resource.attributes)
  expect(resource).toMatchObject({ 'service.name': 'panal' })

  const roots = spans
    .filter(({ name }) => name === 'round')
    .sort((a, b) => Number(BigInt(a.startTimeUnixNano) - BigInt(b.startTimeUnixNano)))
  expect(roots.map(({ attributes }) => attributesOf(attributes))).toEqual([
    expect.objectContaining({
      'panal.task': 'digits',
      'panal.round': 1,
      'panal.base_version': 0,
      'panal.candidate_version': 1,
    }),
    expect.objectContaining({ 'panal.round': 2, 'panal.base_version': 1, 'panal.accepted': 2, 'panal.rejected': 1 }),
    expect.objectContaining({ 'panal.round': 3, 'panal.base_version': 2 }),
  ])
  expect(roots.map(({ links }) => (links ?? []).map(({ traceId }) => traceId))).toEqual([
    [],
    [roots[0]!.traceId],
    [roots[1]!.traceId],
  ])
  expect(roots[2]!.status).toMatchObject({ code: 2, message: 'interrupted' }) // 2: ERROR

  for (const root of roots.slice(0, 2)) {
    const steps = spans.filter(({ parentSpanId }) => parentSpanId === root.spanId)
    expect(steps.map(({ name }) => name)).toEqual(['select', 'collect', 'aggregate', 'apply', 'gate', 'promote'])
    expect(new Set(steps.map(({ traceId }) => traceId))).toEqual(new Set([root.traceId]))
    const verdicts = steps[1]!.events?.map(({ name, attributes }) => [name, attributesOf(attributes)['panal.verdict']])
    expect(verdicts).toEqual([
      ['update', 'accepted'],
      ['update', 'accepted'],
      ['update', 'non-finite'],
    ])
  }
  // Who took part is nobody's business who reads traces.
  for (const { deviceId } of devices) expect(text).not.toContain(deviceId)
}, 60_000)
