// Sets light or dark before the first paint. A file of its own, because the server's CSP allows no inline script.
;(() => {
  let chosen = 'auto'
  try {
    chosen = globalThis.localStorage.getItem('mantine-color-scheme-value') ?? 'auto'
  } catch {
    // storage is blocked: follow the system
  }
  const dark =
    chosen === 'dark' || (chosen !== 'light' && globalThis.matchMedia('(prefers-color-scheme: dark)').matches)
  globalThis.document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light')
})()
