import type { IncomingHttpHeaders } from 'node:http'

/** Origins whose pages may use the server, besides the pages that the server serves itself. */
export type AllowedOrigins = ReadonlySet<string>

export const allowedOrigins = (config: { allowedOrigins: readonly string[]; publicUrl: string }): AllowedOrigins =>
  new Set([...config.allowedOrigins, config.publicUrl].filter((url) => url !== '').map((url) => new URL(url).origin))

/**
 * Whether a request comes from a page that may use the server: its `Origin` is the very host it was sent to, or one of
 * the allowed. A request without `Origin` does not come from a page's script; `absent` says what to make of it.
 */
export function originMayUse(headers: IncomingHttpHeaders, allowed: AllowedOrigins, absent: boolean): boolean {
  const { origin, host } = headers
  return origin === undefined ? absent : isOurs(origin, host, allowed)
}

/** Whether an origin is that of this server: one of the allowed, or the very host a request was sent to. */
export function isOurs(origin: string, host: string | undefined, allowed: AllowedOrigins): boolean {
  if (allowed.has(origin)) return true
  return URL.canParse(origin) && host !== undefined && new URL(origin).host === host.toLowerCase()
}
