import { SaxesParser } from 'saxes'

/** An element as an XML parser found it. */
export interface Parsed {
  readonly tag: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly (Parsed | string)[]
}

/** @throws Error where the text is not one well-formed element */
export function parseXml(text: string): Parsed {
  const root: Parsed & { children: (Parsed | string)[] } = { tag: '', attributes: {}, children: [] }
  const open = [root]
  const parser = new SaxesParser()
  parser.on('error', (error) => {
    throw error
  })
  parser.on('opentag', ({ name, attributes }) => {
    const element = { tag: name, attributes: attributes as Record<string, string>, children: [] }
    open.at(-1)!.children.push(element)
    open.push(element)
  })
  parser.on('closetag', () => void open.pop())
  parser.on('text', (content) => void open.at(-1)!.children.push(content))
  parser.write(text).close()
  return root.children.find((child): child is Parsed => typeof child !== 'string')!
}

/** All elements in it with this tag, or all. */
export const all = (root: Parsed, tag?: string): Parsed[] =>
  [root, ...root.children.flatMap((child) => (typeof child === 'string' ? [] : all(child)))].filter(
    (each) => tag === undefined || each.tag === tag,
  )

export const textIn = ({ children }: Parsed): string =>
  children.map((child) => (typeof child === 'string' ? child : textIn(child))).join('')
