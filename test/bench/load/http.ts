import { request as httpRequest, type Agent } from 'node:http'

export interface Answer {
  readonly status: number
  /** Empty where it was not asked for. */
  readonly body: Buffer
  /** From the last byte that left to the last that came, ms. */
  readonly waitedMs: number
}

export interface Asking {
  readonly method: string
  readonly agent: Agent
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Buffer
  /** Read the answer and let it go. */
  readonly discard?: boolean
}

export const request = (url: string, { method, agent, headers, body, discard }: Asking): Promise<Answer> =>
  new Promise((resolve, reject) => {
    let sentAt = 0
    const asked = httpRequest(url, { method, agent, headers: { ...headers, 'content-length': body?.length ?? 0 } })
    asked.once('finish', () => (sentAt = performance.now()))
    asked.on('error', reject) // more than one may come: bytes that cannot leave, then a connection that is gone
    asked.once('response', (response) => {
      const chunks: Buffer[] = []
      if (discard === true) response.resume()
      else response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.once('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          body: Buffer.concat(chunks),
          waitedMs: performance.now() - sentAt,
        }),
      )
    })
    asked.end(body)
  })
