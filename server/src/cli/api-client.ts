import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { ErrorBody } from '@panal/client-core'
import { CommandError, exitCodes, type CliContext } from './context.ts'

/** How a command reaches its server: flags win over the environment. */
export interface ServerOptions {
  readonly server?: string
  readonly token?: string
  readonly data?: string
}

/** The server's HTTP interface, as the commands use it. Every refusal becomes a `CommandError`. */
export interface ApiClient {
  readonly url: string
  get<Answer>(path: string): Promise<Answer>
  /** As the server wrote it: a page, or JSON whose very text matters. */
  getText(path: string): Promise<string>
  post<Answer>(path: string, body?: unknown): Promise<Answer>
  delete<Answer>(path: string): Promise<Answer>
  put<Answer>(path: string, body: Readable, numBytes: number): Promise<Answer>
}

export async function connect(options: ServerOptions, { env }: CliContext): Promise<ApiClient> {
  const url = (options.server ?? env['PANAL_SERVER'] ?? 'http://127.0.0.1:8080').replace(/\/+$/, '')
  const token = options.token ?? env['PANAL_TOKEN'] ?? (await localToken(options.data ?? env['PANAL_DATA']))
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }

  const ask = async (path: string, init: RequestInit): Promise<Response> => {
    const response = await fetch(url + path, {
      ...init,
      headers: { ...authorization, ...(init.headers as Record<string, string> | undefined) },
    }).catch((error: unknown) => {
      throw unreachable(url, error)
    })
    if (response.ok) return response
    throw refused(response.status, await response.json().catch(() => undefined), token !== undefined)
  }
  const send = async <Answer>(path: string, init: RequestInit): Promise<Answer> => {
    const response = await ask(path, init)
    return (await response.json().catch(() => undefined)) as Answer
  }
  return {
    url,
    get: (path) => send(path, {}),
    getText: async (path) => (await ask(path, {})).text(),
    post: (path, body) =>
      send(path, {
        method: 'POST',
        ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      }),
    delete: (path) => send(path, { method: 'DELETE' }),
    put: (path, body, numBytes) =>
      send(path, {
        method: 'PUT',
        body: Readable.toWeb(body),
        duplex: 'half',
        headers: { 'content-type': 'application/octet-stream', 'content-length': String(numBytes) },
      }),
  }
}

/** A server on this machine leaves a token in its data directory, for whoever may read it. */
const localToken = (data = './panal-data'): Promise<string | undefined> =>
  readFile(join(data, 'admin.token'), 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  )

function unreachable(url: string, error: unknown): CommandError {
  const cause = error instanceof Error ? error.cause : undefined
  const why = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : ''
  return new CommandError(
    exitCodes.unreachable,
    'unreachable',
    `no server answers at ${url}${why}. Start one with \`panal start\`, or name another with --server.`,
  )
}

function refused(status: number, body: unknown, hadToken: boolean): CommandError {
  const { code = `http-${status}`, detail = 'the server refused', errors = [] } = (body ?? {}) as Partial<ErrorBody>
  const hint =
    code !== 'unauthorized'
      ? ''
      : hadToken
        ? ' Use the token of this server: --token, PANAL_TOKEN, or --data with its data directory.'
        : ' Give a token with --token or PANAL_TOKEN, or the server’s data directory with --data.'
  const lines = errors.map(({ path, message }) => `${path === '' ? '/' : path}: ${message}`)
  return new CommandError(exitCodes.refused, code, detail + (hint === '' ? '' : `.${hint}`), lines)
}
