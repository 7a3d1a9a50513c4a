import { beforeAll, describe, expect, it } from '@jest/globals'
import type { TaskDocument } from '@panal/server'
import { createTask, useLiveServer } from '../fixtures/live-server.ts'
import { answerOf, rawRequest } from '../fixtures/raw-http.ts'

const live = useLiveServer({ requestTimeoutMs: 500, connectionTimeoutMs: 1000 })
let document: TaskDocument
beforeAll(async () => {
  document = await createTask(live)
}, 60_000)

const json = { 'content-type': 'application/json' }
const codeOf = async (path: string, init?: RequestInit) => {
  const { status, code } = (await answerOf(await live.fetch(path, init))) as { status: number; code?: string }
  return [status, code]
}

describe('bad requests', () => {
  const post = (body: string, headers: Record<string, string> = json): RequestInit => ({
    method: 'POST',
    headers,
    body,
  })

  it('malformed JSON, wrong types, unknown keys, prototype keys and deep nesting are bad-request', async () => {
    const deep = `{"link":${'['.repeat(5000)}${']'.repeat(5000)}}`
    const bodies = ['{', '[]', 'null', '{"link":5}', '{"link":null}', '{}', '{"link":"x","more":1}', deep]
    bodies.push('{"link":"x","__proto__":{"a":1}}', '{"link":"x","constructor":{"prototype":{}}}')
    for (const body of bodies)
      expect([body.slice(0, 40), ...(await codeOf('/v1/session', post(body)))]).toEqual([
        body.slice(0, 40),
        400,
        'bad-request',
      ])
  })

  it('names the path of each error', async () => {
    const { errors } = await answerOf(await live.fetch('/v1/session', post('{"link":5,"more":1}')))
    expect(errors).toEqual(
      expect.arrayContaining([
        { path: '/link', message: 'must be string' },
        { path: '/more', message: 'is not known here' },
      ]),
    )
  })

  it('another content type is 415, a body over 64 KiB is 413', async () => {
    expect(await codeOf('/v1/session', post('link=x', { 'content-type': 'text/plain' }))).toEqual([
      415,
      'unsupported-media-type',
    ])
    const body = JSON.stringify({ link: 'x'.repeat(70_000) })
    expect(await codeOf('/v1/session', post(body))).toEqual([413, 'too-large'])
  })

  it('an unknown address is 404, a wrong page 400', async () => {
    expect(await codeOf('/v1/nope')).toEqual([404, 'not-found'])
    expect(await codeOf('/v1/tasks/digits/rounds?limit=0')).toEqual([400, 'bad-request'])
    expect(await codeOf('/v1/tasks/digits/rounds?limit=ten')).toEqual([400, 'bad-request'])
    expect(await codeOf('/v1/tasks/digits/rounds?odd=1')).toEqual([400, 'bad-request'])
    expect(await codeOf('/v1/tasks/..%2f..%2fetc/rounds')).toEqual([400, 'bad-request'])
    expect(await codeOf(`/v1/tasks/${'a'.repeat(300)}`)).toEqual([404, 'not-found'])
  })

  it('a task document gets every error with its path', async () => {
    const { cohort: _cohort, ...rest } = document
    const response = await live.asOperator('POST', '/v1/tasks', {
      ...rest,
      id: 'Bad Id',
      plan: { ...document.plan, epochs: '5', learningRate: -1 },
      odd: true,
    })
    const { status, code, errors } = await answerOf(response)
    expect([status, code]).toEqual([400, 'invalid-task'])
    expect((errors as { path: string }[]).map(({ path }) => path).sort()).toEqual(
      ['/cohort', '/id', '/odd', '/plan/epochs', '/plan/learningRate'].sort(),
    )
  })

  it('a task that is there already is 409', async () => {
    expect(await answerOf(await live.asOperator('POST', '/v1/tasks', document))).toMatchObject({
      status: 409,
      code: 'task-exists',
    })
  })

  it('what is not HTTP gets an answer with a code, and is closed', async () => {
    expect(await rawRequest(live.url, 'GARBAGE\r\n\r\n')).toMatch(/^HTTP\/1.1 400 [^]*"code":"bad-request"/)
    const long = await rawRequest(live.url, `GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(40_000)}\r\n\r\n`)
    expect(long).toMatch(/^HTTP\/1.1 431 [^]*"code":"bad-request"/)
  })

  it('headers that never end, and a body that never comes, are cut', async () => {
    expect(await rawRequest(live.url, 'GET / HTTP/1.1\r\nhost: x\r\n')).toMatch(/^$|^HTTP\/1.1 408 /)
    const body = await rawRequest(
      live.url,
      'POST /v1/session HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 20\r\n\r\n{',
    )
    expect(body).toMatch(/^HTTP\/1.1 408 [^]*"code":"too-slow"/)
  })
})
