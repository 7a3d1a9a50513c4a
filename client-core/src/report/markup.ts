/**
 * A piece of a page as data. The server writes it as text, the web page makes elements of it: what a report looks like is
 * said once, and no text from data can become markup in either.
 */
export interface MarkupElement {
  readonly tag: string
  readonly attributes: Attributes
  readonly children: readonly (MarkupElement | string)[]
}

/** Names as HTML and SVG spell them. Left out where undefined or false; true stands for itself. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>

/** What may be a child: nothing is drawn of `undefined` and `false`. */
export type Child = MarkupElement | string | number | undefined | false | readonly Child[]

/** One element. Numbers are written as they are, so round coordinates before. */
export const h = (tag: string, attributes: Attributes = {}, ...children: readonly Child[]): MarkupElement => ({
  tag,
  attributes,
  children: flat(children),
})

function flat(children: readonly Child[]): (MarkupElement | string)[] {
  return children.flatMap((child): (MarkupElement | string)[] => {
    if (child === undefined || child === false) return []
    if (typeof child === 'number') return [String(child)]
    if (typeof child === 'string') return [child]
    return isList(child) ? flat(child) : [child]
  })
}

const isList = (child: MarkupElement | readonly Child[]): child is readonly Child[] => Array.isArray(child)

/** Elements without content. Written closed, so that the text is XML as well. */
const empty = new Set(['br', 'hr', 'img', 'input', 'link', 'meta', 'col'])

/** HTML that is well-formed XML at the same time. */
export function markupText(node: MarkupElement | string): string {
  if (typeof node === 'string') return escapeText(node)
  const { tag, attributes, children } = node
  const start = `<${tag}${Object.entries(attributes).map(attributeText).join('')}`
  if (empty.has(tag)) return `${start} />`
  return `${start}>${children.map(markupText).join('')}</${tag}>`
}

function attributeText([name, value]: [string, Attributes[string]]): string {
  if (value === undefined || value === false) return ''
  return ` ${name}="${escapeText(value === true ? '' : String(value))}"`
}

/** What neither HTML nor XML may hold, such as NUL and half a surrogate pair. */
const unwritable = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu
const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Safe between tags and in quoted attributes. */
export const escapeText = (text: string): string =>
  text.replace(unwritable, '\uFFFD').replace(/[&<>"']/g, (char) => entities[char]!)

/** All text in it, in order: for tests, and for whoever reads aloud. */
export const textOf = (node: MarkupElement | string): string =>
  typeof node === 'string' ? node : node.children.map(textOf).join('')
