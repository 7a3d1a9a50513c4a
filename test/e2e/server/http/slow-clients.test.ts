import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import Fastify, { type FastifyInstance } from 'fastify'
import { answerBrokenRequest, handleErrors } from '../../../../server/src/http/error-handling.ts'
import { limitSlowClients } from '../../../../server/src/http/slow-clients.ts'
import { rawRequest } from '../../../fixtures/raw-http.ts'

const requestTimeoutMs = 200
let app: FastifyInstance
let url: string
/** Lets the slow handler answer. */
let answer: () => void = () => undefined

beforeAll(async () => {
  app = Fastify({
    connectionTimeout: 1_000,
    requestTimeout: 60_000,
    http: { headersTimeout: 200, connectionsCheckingInterval: 50 },
    clientErrorHandler: answerBrokenRequest,
  })
  handleErrors(app)
  limitSlowClients(app, { requestTimeoutMs, connectionTimeoutMs: 1_000 })
  app.get('/slow', () => new Promise((resolve) => (answer = () => resolve({ ok: true }))))
  app.post('/slow', () => new Promise((resolve) => (answer = () => resolve({ ok: true }))))
  app.post('/quick', () => ({ ok: true }))
  url = await app.listen({ port: 0, host: '127.0.0.1' })
})
afterAll(() => app.close())

/** A byte every few milliseconds until the server has had enough: never silent, never done. */
const trickle = (start: string, drop: string): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(start))
    let received = ''
    const dripping = setInterval(() => socket.writable && socket.write(drop), 10)
    socket.on('data', (chunk) => (received += chunk.toString()))
    socket.on('error', () => undefined) // it writes until it is cut
    socket.on('close', () => {
      clearInterval(dripping)
      resolve(received)
    })
  })

describe('[F31] a slow-loris', () => {
  it('in the headers gets 408 and is cut', async () => {
    expect(await trickle('GET /slow HTTP/1.1\r\nhost: x\r\n', 'x: y\r\n')).toMatch(
      /^HTTP\/1.1 408 [^]*"code":"too-slow"/,
    )
  })

  it('in a body gets 408 and is cut', async () => {
    const head = 'POST /quick HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n"'
    expect(await trickle(head, 'y')).toMatch(/^HTTP\/1.1 408 [^]*"code":"too-slow"/)
  })

  it('in a chunked body gets 408 and is cut', async () => {
    const head =
      'POST /quick HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n'
    expect(await trickle(head, '1\r\ny\r\n')).toMatch(/^HTTP\/1.1 408 [^]*"code":"too-slow"/)
  })
})

it.each(['GET /slow HTTP/1.1\r\nhost: x', 'POST /slow HTTP/1.1\r\nhost: x\r\ncontent-length: 0'])(
  'a handler may take longer than a client may: %s',
  async (head) => {
    const response = rawRequest(url, `${head}\r\nconnection: close\r\n\r\n`)
    // Another request’s body is cut by the same limit, started later: the limit is over by then.
    await trickle('POST /quick HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n', '')
    answer()
    expect(await response).toMatch(/^HTTP\/1.1 200 [^]*\{"ok":true\}$/)
  },
)
