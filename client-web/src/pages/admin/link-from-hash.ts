/** `#link=…` in the address: it stays in the browser, for fragments are not sent with requests. */
export const linkFromHash = (hash: string): string | null => new URLSearchParams(hash.replace(/^#/, '')).get('link')
