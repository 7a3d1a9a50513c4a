import { createHash } from 'node:crypto'
import { h, markupText, reportStyles, type MarkupElement } from '@panal/client-core'

const pageStyles = `
body { margin: 0; padding: clamp(.8rem, 3vw, 2rem); background: #fdfcf9; }
@media (prefers-color-scheme: dark) { body { background: #232323; } }
@media print { body { background: none; padding: 0; } @page { margin: 16mm 14mm; } }
`
const styles = reportStyles + pageStyles

/** Nothing is fetched, no script runs, and of styles only those of this program. */
const policy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(styles).digest('base64')}'`,
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

/** The policy that is in the file, and what only a header can say. */
export const reportPolicy = `${policy}; frame-ancestors 'none'`

/**
 * A page as one file that needs nothing else, in the looks of a report: opened from a disk, sent by mail or printed.
 * @param after what comes after the body, as it is
 */
export const htmlFile = (title: string, body: MarkupElement, after = ''): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8" />
<meta http-equiv="Content-Security-Policy" content="${policy}" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<meta name="color-scheme" content="light dark" />
${markupText(h('title', {}, title))}
<style>${styles}</style>
</head>
<body>
${markupText(body)}
${after}</body>
</html>
`
