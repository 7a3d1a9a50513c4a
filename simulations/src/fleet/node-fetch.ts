import { Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as TlsAgent, request as httpsRequest } from 'node:https'
import type { BodyReader, Fetch, FetchResponse } from '@panal/client-core'

/**
 * As much of `fetch` as a device needs, straight over Node's own HTTP client: a fleet makes two requests a device and
 * round, and Node's `fetch` stood at the top of its profile. Connections are kept and shared.
 */
export function nodeFetch(): Fetch {
  const agents = { 'http:': new Agent({ keepAlive: true }), 'https:': new TlsAgent({ keepAlive: true }) }
  return (url, { method, headers, body, signal }) =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted()
      const tls = url.startsWith('https:')
      const request = (tls ? httpsRequest : httpRequest)(url, {
        method,
        headers,
        agent: agents[tls ? 'https:' : 'http:'],
      })
      const cut = () => request.destroy(signal.reason instanceof Error ? signal.reason : new Error('aborted'))
      signal.addEventListener('abort', cut, { once: true })
      const over = () => signal.removeEventListener('abort', cut)
      request.once('error', (error) => {
        over()
        reject(error)
      })
      request.once('response', (response) => {
        // Removed at the last byte, before anybody reads it: an abort after that must not cut a connection that is kept.
        response.once('end', over).once('close', over)
        resolve(answer(response))
      })
      request.end(body)
    })
}

function answer(response: IncomingMessage): FetchResponse {
  const bytes = async () => Buffer.concat((await response.toArray()) as Buffer[])
  return {
    status: response.statusCode ?? 0,
    headers: { get: (name) => [response.headers[name.toLowerCase()] ?? []].flat().join(', ') || null },
    body: { getReader: () => reader(response) },
    arrayBuffer: async () => new Uint8Array(await bytes()).buffer,
    text: async () => (await bytes()).toString('utf8'),
  }
}

function reader(response: IncomingMessage): BodyReader {
  const chunks = response[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>
  return {
    read: async () => {
      const { done = false, value } = await chunks.next()
      return { done, value }
    },
  }
}
