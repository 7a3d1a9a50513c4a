import { describe, expect, it } from '@jest/globals'
import { h, markupText, textOf } from '@panal/client-core'
import { hostile } from '../../../fixtures/gate-report.ts'
import { all, parseXml, textIn } from './parse-xml.ts'

describe('markup as text', () => {
  it('is HTML and XML at once', () => {
    const node = h('p', { class: 'a', id: undefined, hidden: false, open: true }, 'x', 3, false, undefined, [
      'y',
      h('br'),
    ])
    expect(markupText(node)).toBe('<p class="a" open="">x3y<br /></p>')
  })

  it('no text and no attribute from data becomes markup, and what cannot be written is replaced', () => {
    const parsed = parseXml(markupText(h('p', { title: hostile }, hostile)))
    // NUL, BEL and the lone surrogate become U+FFFD; all else is as it was.
    const written = ['\u0000', '\u0007', '\ud800'].reduce((text, char) => text.replaceAll(char, '\ufffd'), hostile)
    expect(all(parsed).map(({ tag }) => tag)).toEqual(['p'])
    expect(textIn(parsed)).toBe(written)
    expect(parsed.attributes).toEqual({ title: written })
  })

  it('keeps pairs of surrogates, which are one letter', () => {
    expect(markupText(h('p', {}, '🐝'))).toBe('<p>🐝</p>')
  })

  it('gives its text in order', () => {
    expect(textOf(h('p', {}, 'a', h('b', {}, 'b'), 'c'))).toBe('abc')
  })
})
