import { afterEach, describe, expect, it } from '@jest/globals'
import { ApiError, getJson, isUnreachable, sendJson } from '../../../../client-web/src/api/http.ts'

const realFetch = globalThis.fetch
afterEach(() => {
  globalThis.fetch = realFetch
})

/** Answers every request the same way, and keeps what was asked. */
function answering(status: number, body: string): RequestInit[] {
  const asked: RequestInit[] = []
  globalThis.fetch = (_url, init) => {
    asked.push(init ?? {})
    return Promise.resolve(new Response(body, { status }))
  }
  return asked
}

const failure = (work: Promise<unknown>): Promise<ApiError> =>
  work.then(
    () => {
      throw new Error('it did not fail')
    },
    (error: unknown) => {
      if (error instanceof ApiError) return error
      throw error
    },
  )

describe('http', () => {
  it('gives the server’s code and every error of a document with its path', async () => {
    const errors = [{ path: '/plan/batchSize', message: 'must be 1 or more' }]
    answering(400, JSON.stringify({ code: 'invalid-task', detail: 'one error', errors }))
    const error = await failure(sendJson('POST', '/v1/tasks', {}))
    expect(error).toMatchObject({ code: 'invalid-task', message: 'one error', errors })
    expect(isUnreachable(error)).toBe(false)
  })

  it('takes no answer, a proxy’s error page and a foreign page for an unreachable server', async () => {
    globalThis.fetch = () => Promise.reject(new TypeError('Failed to fetch'))
    expect(isUnreachable(await failure(getJson('/v1/tasks')))).toBe(true)
    answering(502, '<h1>Bad gateway</h1>')
    expect(isUnreachable(await failure(getJson('/v1/tasks')))).toBe(true)
    answering(200, '<h1>It works!</h1>')
    expect(isUnreachable(await failure(getJson('/v1/tasks')))).toBe(true)
  })

  it('leaves the caller’s own abort what it is', async () => {
    const controller = new AbortController()
    controller.abort(new Error('page left'))
    globalThis.fetch = () => Promise.reject(controller.signal.reason as Error)
    await expect(getJson('/v1/tasks', controller.signal)).rejects.toThrow('page left')
  })

  it('sends changes with the header that a foreign form cannot send', async () => {
    const asked = answering(200, '{}')
    await sendJson('POST', '/v1/session', { link: 'x' })
    await getJson('/v1/session')
    expect(new Headers(asked[0]?.headers).get('x-panal-csrf')).toBe('1')
    expect(new Headers(asked[1]?.headers).get('x-panal-csrf')).toBeNull()
  })
})
