import { describe, expect, it } from '@jest/globals'
import { figureMarkup, markupText, type Figure } from '@panal/client-core'
import { figuresNamed, hostile } from '../../../fixtures/gate-report.ts'
import { all, parseXml, textIn, type Parsed } from './parse-xml.ts'

const draw = (figure: Figure): Parsed => parseXml(markupText(figureMarkup(figure)))
const named = (kind: Figure['kind'], name = 'candidate'): Figure =>
  figuresNamed(name).find((figure) => figure.kind === kind)!
const numbers = ({ attributes }: Parsed, ...names: string[]): number[] => names.map((name) => Number(attributes[name]))
const withClass = (root: Parsed, name: string): Parsed[] =>
  all(root).filter(({ attributes }) => attributes['class']?.split(' ').includes(name))

describe.each(figuresNamed(hostile))('a figure of the kind $kind', (figure) => {
  const drawn = draw(figure)

  it('is well-formed, whatever things are called, and holds no element that data brought', () => {
    const tags = new Set(all(drawn).map(({ tag }) => tag))
    for (const tag of ['script', 'img', 'a', 'foreignObject', 'image', 'use', 'style']) expect(tags).not.toContain(tag)
    const attributes = all(drawn).flatMap((each) => Object.keys(each.attributes))
    expect(attributes.filter((name) => /^on|^style$|href/.test(name))).toEqual([])
  })

  it('has only numbers that are numbers', () => {
    expect(markupText(figureMarkup(figure))).not.toMatch(/NaN|Infinity|undefined|null/)
  })

  it('tells a screen reader what it is and what it shows, and has its numbers in a table', () => {
    const pictures = all(drawn, 'svg').filter(({ attributes }) => attributes['aria-hidden'] === undefined)
    for (const picture of pictures.filter(({ attributes }) => attributes['role'] === 'img')) {
      expect(picture.attributes['aria-label']).toMatch(/\S/)
      expect(
        picture.children.filter((each) => typeof each !== 'string' && /^(title|desc)$/.test(each.tag)),
      ).toHaveLength(2)
    }
    expect(pictures.some(({ attributes }) => attributes['role'] === 'img')).toBe(true)
    const [table] = all(drawn, 'table')
    expect(all(table!, 'tr').length).toBeGreaterThan(1)
    expect(all(table!, 'caption')).toHaveLength(1)
  })
})

describe.each<Figure>([
  { kind: 'reliability', title: 'none', curves: [] },
  { kind: 'forest', title: 'none', unit: 'share', lines: [] },
  { kind: 'curve', title: 'none', x: 'x', y: 'y', lines: [] },
  { kind: 'curve', title: 'one point', x: 'x', y: 'y', lines: [{ name: 'a', points: [{ x: 2, y: 0 }] }] },
  { kind: 'confusion', title: 'none', classes: [], counts: [] },
  { kind: 'confusion', title: 'no examples', classes: ['a'], counts: [[0]] },
  { kind: 'histogram', title: 'none', x: 'x', edges: [], series: [] },
])('a $kind with little in it ($title)', (figure) => {
  it('is drawn without a number that is none', () => {
    draw(figure)
    expect(markupText(figureMarkup(figure))).not.toMatch(/NaN|Infinity|undefined/)
  })
})

describe('a reliability diagram', () => {
  it('puts promises that come true on the dashed line, and larger dots where more examples are', () => {
    const drawn = draw(named('reliability'))
    const [line] = withClass(drawn, 'reference')
    const [x1, y1, x2, y2] = numbers(line!, 'x1', 'y1', 'x2', 'y2')
    const dots = all(withPlot(drawn), 'circle')
    expect(dots).toHaveLength(3)
    // From 0 % to 0 %, from 100 % to 100 %; in between 50 % are promised and 25 % come true.
    expect(numbers(dots[0]!, 'cx', 'cy')).toEqual([x1, y1])
    expect(numbers(dots[2]!, 'cx', 'cy')).toEqual([x2, y2])
    expect(numbers(dots[1]!, 'cx', 'cy')).toEqual([(x1! + x2!) / 2, y1! + (y2! - y1!) / 4])
    // r = 3 + 6·√(count / 900): √(10/900) = 0.105, √(90/900) = 0.316.
    expect(dots.map((dot) => Number(dot.attributes['r']))).toEqual([3.63, 4.9, 9])
  })
})

describe('a forest plot', () => {
  const drawn = draw(named('forest'))
  const lines = all(all(drawn, 'tbody')[0]!, 'tr')

  it('has a line for each segment with its name, numbers and verdict in words', () => {
    expect(lines.map((line) => textIn(all(line, 'th')[0]!))).toEqual(['candidate', 'label=1', 'label=2'])
    expect(textIn(lines[0]!)).toMatch(/512.*−6\.2 points.*−9\.0 to −3\.4 points.*Block/)
  })

  it('draws all lines on one scale: the interval around the estimate, the margin left of no change', () => {
    const places = lines.map((line) => {
      const [low, high] = numbers(withClass(line, 'interval')[0]!, 'x1', 'x2')
      return {
        low,
        high,
        zero: Number(withClass(line, 'zero')[0]!.attributes['x1']),
        limit: Number(withClass(line, 'limit')[0]!.attributes['x1']),
      }
    })
    for (const { zero, limit } of places) expect([zero, limit]).toEqual([places[0]!.zero, places[0]!.limit])
    // Values run from −0.09 to 0.018 with 12 % air on each side, over 6 … 234.
    const x = (value: number) => 6 + ((value + 0.09 + 0.01296) / (0.108 * 1.24)) * 228
    expect(places[0]!.low).toBeCloseTo(x(-0.09), 1)
    expect(places[0]!.high).toBeCloseTo(x(-0.034), 1)
    expect(places[0]!.zero).toBeCloseTo(x(0), 1)
    expect(places[0]!.limit).toBeCloseTo(x(-0.02), 1)
  })

  it('gives a group of three examples no more room than the others, and says that its bar goes on', () => {
    const figure = named('forest') as Extract<Figure, { kind: 'forest' }>
    const few = { label: 'few', estimate: 0, interval: [-0.9, 0.9], n: 3, verdict: 'NOT_ENOUGH_DATA' } as const
    const together = draw({ ...figure, lines: [...figure.lines, few] })
    const [first, , , last] = all(all(together, 'tbody')[0]!, 'tr')
    const before = withClass(lines[0]!, 'interval')[0]!.attributes
    expect(withClass(first!, 'interval')[0]!.attributes).toEqual(before)
    expect(numbers(withClass(last!, 'interval')[0]!, 'x1', 'x2')).toEqual([6, 234])
    expect([first, last].map((line) => withClass(line!, 'arrow').length)).toEqual([0, 2])
    expect(textIn(together)).toContain('Where it ends in an arrow, it goes on.')
    expect(textIn(drawn)).not.toContain('arrow')
  })

  it('tells verdicts apart by shape as well as by colour', () => {
    const shapes = lines.map((line) => withClass(line, 'estimate')[0]!.tag)
    expect(shapes).toEqual(['rect', 'circle', 'path'])
  })
})

describe('a curve', () => {
  it('has a band where intervals are known, and a mark for each point', () => {
    const drawn = draw(named('curve'))
    expect(withClass(drawn, 'band')).toHaveLength(1)
    expect(all(withPlot(drawn), 'circle')).toHaveLength(3)
    expect(textIn(drawn)).toContain('88.0 % to 92.0 %')
  })
})

describe('a confusion matrix', () => {
  it('counts what is right, and lists the most frequent mistakes first', () => {
    const drawn = draw(named('confusion', 'zero'))
    // 40 + 53 of 100; 5 of 58 ones and 2 of 42 zeros are mistakes.
    expect(textIn(drawn)).toContain('93 of 100 examples are on the diagonal')
    const rows = all(all(drawn, 'tbody')[0]!, 'tr').map(textIn)
    expect(rows).toEqual(['onezero58.6 %', 'zeroone24.8 %'])
  })

  it('leaves numbers and names out where they could not be read', () => {
    const classes = Array.from({ length: 40 }, (_, i) => `class ${i}`)
    const counts = classes.map((_, i) => classes.map((__, j) => (i === j ? 5 : 0)))
    const drawn = draw({ kind: 'confusion', title: 'many', classes, counts })
    expect(all(drawn, 'text').map(textIn)).toEqual(['Answer', 'Truth'])
  })
})

describe('a histogram', () => {
  it('draws a bar for each bin of each series, as high as its count', () => {
    const bars = withClass(draw(named('histogram')), 'bar').map((bar) => Number(bar.attributes['height']))
    expect(bars).toHaveLength(4)
    // 7 is 7/3 of 3.
    expect(bars[1]! / bars[0]!).toBeCloseTo(7 / 3, 2)
  })
})

/** The picture itself, without the legend's small ones. */
function withPlot(drawn: Parsed): Parsed {
  return all(drawn, 'svg').find(({ attributes }) => attributes['role'] === 'img')!
}
