/** Numbers and times as people read them. */

/** 1,234 B · 12.3 KB · 4.56 MB (of 1,000). */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  if (bytes < 1e6) return `${(bytes / 1e3).toPrecision(3)} KB`
  if (bytes < 1e9) return `${(bytes / 1e6).toPrecision(3)} MB`
  return `${(bytes / 1e9).toPrecision(3)} GB`
}

/** 250 ms · 3.2 s · 4 min 05 s. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`
}

export const formatPercent = (fraction: number, digits = 1): string => `${(fraction * 100).toFixed(digits)} %`

export const formatTime = (epochMs: number): string =>
  new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' }).format(epochMs)

export const formatNumber = (value: number, digits = 4): string =>
  Math.abs(value) >= 1e-3 || value === 0 ? value.toFixed(digits) : value.toExponential(1)
