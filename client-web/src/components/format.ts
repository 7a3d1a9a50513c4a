/** Numbers and times as people read them. */

const threeDigits = new Intl.NumberFormat('en', { maximumSignificantDigits: 3, useGrouping: false })

/** 512 B · 12.3 KB · 4.56 MB, of 1,000 each. */
export function formatBytes(bytes: number): string {
  if (bytes < 1e3) return `${bytes} B`
  if (bytes < 1e6) return `${threeDigits.format(bytes / 1e3)} KB`
  if (bytes < 1e9) return `${threeDigits.format(bytes / 1e6)} MB`
  return `${threeDigits.format(bytes / 1e9)} GB`
}

/** 250 ms · 3.2 s · 4 min 05 s. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  return ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : formatSeconds(ms)
}

/** 4 s · 4 min 05 s, rounded up: for what counts down. */
export function formatSeconds(ms: number): string {
  const seconds = Math.ceil(ms / 1000)
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`
}

export const formatPercent = (fraction: number, digits = 1): string => `${(fraction * 100).toFixed(digits)} %`

/** In the reader's own language and time zone. */
export const formatTime = (epochMs: number): string =>
  new Intl.DateTimeFormat(undefined, { dateStyle: 'short', timeStyle: 'short' }).format(epochMs)

/** 0.0975 · 3.0e-5: four decimals, or one significant digit where those would all be 0. */
export const formatNumber = (value: number, digits = 4): string =>
  Math.abs(value) >= 1e-3 || value === 0 ? value.toFixed(digits) : value.toExponential(1)
