import type { CookieSerializeOptions } from '@fastify/cookie'

/** Names and attributes of the cookies that people's browsers keep. */
export interface Cookies {
  /** The session. Never sent with what another site causes. */
  readonly session: string
  /** That somebody has signed in here before; opens nothing. */
  readonly browser: string
  /** A sign-in that has gone to the identity provider. */
  readonly oidc: string
  readonly strict: CookieSerializeOptions
  /** Sent when the provider sends the browser back, for that comes from another site. */
  readonly lax: CookieSerializeOptions
}

/** Under https the browser itself then refuses a cookie of ours that came over http, or from a sister domain. */
export function cookiesFor({ publicUrl }: { readonly publicUrl: string }): Cookies {
  const secure = publicUrl.startsWith('https:')
  const prefix = secure ? '__Host-' : ''
  const every = { path: '/', httpOnly: true, secure } as const
  return {
    session: `${prefix}panal-session`,
    browser: `${prefix}panal-browser`,
    oidc: `${prefix}panal-oidc`,
    strict: { ...every, sameSite: 'strict' },
    lax: { ...every, sameSite: 'lax' },
  }
}
