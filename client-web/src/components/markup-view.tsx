import type { MarkupElement } from '@panal/client-core'
import { createElement, type ComponentType, type ReactNode } from 'react'

type Part = ComponentType<{ readonly attributes: MarkupElement['attributes'] }>

interface MarkupViewProps {
  readonly node: MarkupElement
  /** What stands for tags of our own: parts of the page that do something. */
  readonly parts: Readonly<Record<string, Part>>
}

/** Markup that is data as elements of the page. Text stays text: nothing is ever read as HTML. */
export const MarkupView = ({ node, parts }: MarkupViewProps): ReactNode => elementOf(node, parts)

function elementOf(node: MarkupElement | string, parts: MarkupViewProps['parts']): ReactNode {
  if (typeof node === 'string') return node
  const { tag, attributes, children } = node
  const part = parts[tag]
  if (part !== undefined) return createElement(part, { attributes })
  return createElement(tag, propsOf(attributes), ...children.map((child) => elementOf(child, parts)))
}

const propsOf = (attributes: MarkupElement['attributes']): Record<string, string | number | boolean | undefined> =>
  Object.fromEntries(Object.entries(attributes).map(([name, value]) => [propName(name), value]))

const renamed: Readonly<Record<string, string>> = {
  class: 'className',
  colspan: 'colSpan',
  tabindex: 'tabIndex',
}

/** As React calls an attribute of HTML or SVG: `stroke-width` is `strokeWidth`; `aria-…` and `data-…` stay. */
export const propName = (name: string): string =>
  renamed[name] ??
  (/^(aria|data)-/.test(name) ? name : name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase()))
