import { h, markupText, type MarkupElement } from '@panal/client-core'

/** The looks that a report's style sheet gives its pictures, for a picture that stands alone. No quotes: it lies in XML. */
const styles = `
svg { font: 12px system-ui, sans-serif; background: #fff; }
.s0 { --s: #b36b00 } .s1 { --s: #2b6cb0 } .s2 { --s: #08704f } .s3 { --s: #862e9c } .s4 { --s: #c22525 } .s5 { --s: #565d64 }
text { fill: #5a6169 }
.grid { stroke: #e4dfd4 } .axis, .tick { stroke: #5a6169; stroke-opacity: .6 }
.line { stroke: var(--s); stroke-width: 2.2; fill: none; stroke-linejoin: round }
.line.s1 { stroke-dasharray: 7 3 } .line.s2 { stroke-dasharray: 2 3 } .line.s3 { stroke-dasharray: 9 3 2 3 }
.mark { fill: var(--s); stroke: #fff; stroke-width: 1.2; fill-opacity: .85 }
.band { fill: var(--s); fill-opacity: .14 } .bar { fill: var(--s) }
`

/** A picture as an SVG file that needs nothing else. */
export const standaloneSvg = (picture: MarkupElement): string =>
  `${markupText({ ...picture, children: [h('style', {}, styles), ...picture.children] })}\n`
