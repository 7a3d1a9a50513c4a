/** `#link=…` in the address: it stays in the browser, for fragments are not sent with requests. */
export const linkFromHash = (hash: string): string | null => new URLSearchParams(hash.replace(/^#/, '')).get('link')

const refusals: Readonly<Record<string, string>> = {
  'oidc-refused': 'Your identity provider knows you, but this server does not let you in. Ask an owner.',
  'oidc-failed': 'The sign-in at your identity provider did not hold, or took too long. Try again.',
  'oidc-unreachable': 'Your identity provider does not answer. Try later, or sign in another way.',
  'account-exists': 'There is an account of your name already that is not yours. Ask an owner.',
}

/** `#refused=…`: why the way back from the identity provider ended here. Never text from the address itself. */
export function refusalFromHash(hash: string): string | null {
  const code = new URLSearchParams(hash.replace(/^#/, '')).get('refused')
  return code === null ? null : (refusals[code] ?? 'The sign-in was refused.')
}
