import { describe, expect, it } from '@jest/globals'
import { SaxesParser } from 'saxes'
import { chartWidth, makeRng, markupText, type MarkupElement } from '@panal/client-core'
import { labelDistribution, partitioners, partitionPicture, type Partition } from '@panal/simulations'
import { dealt } from '../../../../simulations/src/partition/dealt.ts'
import { standaloneSvg } from '../../../../simulations/src/results/standalone-svg.ts'

const y = Int32Array.of(0, 0, 1, 2, 2, 2)
/** Device 0 has labels 0, 0, 1; device 1 has 2, 2, 2. */
const partition = dealt(Uint32Array.of(0, 1, 2, 3, 4, 5), Uint32Array.of(0, 3, 6))
const classes = ['cat', 'dog', 'a bird <&>']

function all(node: MarkupElement, tag: string): MarkupElement[] {
  const below = node.children.flatMap((child) => (typeof child === 'string' ? [] : all(child, tag)))
  return node.tag === tag ? [node, ...below] : below
}

describe('labelDistribution', () => {
  it('counts the labels of each device', () => {
    expect(labelDistribution(partition, { y }, { classes })).toEqual({
      numDevices: 2,
      classes,
      devices: [
        { device: 0, counts: [2, 1, 0] },
        { device: 1, counts: [0, 0, 3] },
      ],
    })
  })
  it('looks at evenly spaced devices of a large population, and asks for no others', () => {
    const asked: number[] = []
    const large: Partition = {
      numDevices: 100_000,
      sizeOf: () => 1,
      indicesOf: (device) => {
        asked.push(device)
        return Uint32Array.of(0)
      },
    }
    const { devices } = labelDistribution(large, { y }, { maxDevices: 4 })
    expect(devices.map(({ device }) => device)).toEqual([0, 25_000, 50_000, 75_000])
    expect(asked).toEqual([0, 25_000, 50_000, 75_000])
  })
})

describe('partitionPicture', () => {
  const picture = partitionPicture(labelDistribution(partition, { y }, { classes }))

  it('draws a disc for each class that a device has, its area by the number of examples', () => {
    const discs = all(picture, 'circle').map(({ attributes, children }) => [
      (children[0] as MarkupElement).children[0],
      attributes.r,
    ])
    // Columns are 143 wide and rows 22 high, so 3 examples have the radius 0.56 · 22 = 12.32: ·√(2/3) = 10.06, ·√(1/3) = 7.11.
    expect(discs).toEqual([
      ['Device 0, cat: 2 examples', 10.06],
      ['Device 0, dog: 1 example', 7.11],
      ['Device 1, a bird <&>: 3 examples', 12.32],
    ])
  })
  it('says in words what it shows', () => {
    const [says] = all(picture, 'desc')
    // The largest classes have 2/3 and 3/3.
    expect(says!.children).toEqual([
      '2 devices. They have 3 examples each, of 1 to 2 of 3 classes. A device’s largest class has 83.3 % of its examples on average.',
    ])
    expect(picture.attributes).toMatchObject({ role: 'img', viewBox: `0 0 ${chartWidth} 182` })
  })
  it('is well-formed XML on its own, whatever classes are called', () => {
    const names: string[] = []
    const parser = new SaxesParser()
    parser.on('opentag', ({ name }) => names.push(name))
    parser.write(standaloneSvg(picture)).close()
    expect(names.slice(0, 4)).toEqual(['svg', 'style', 'title', 'desc'])
  })
  it('puts the rarest of many classes into one row', () => {
    const labels = Int32Array.from({ length: 600 }, (_, i) => Math.min(49, Math.floor(i / 10)))
    const many = partitioners.iid.make({}).partition({ y: labels }, 3, makeRng(1))
    const drawn = markupText(partitionPicture(labelDistribution(many, { y: labels })))
    expect(drawn).toContain('31 more') // 19 of 50 rows are left for single classes
    expect(drawn).toContain('49: ') // the most common one, 110 examples, among them
  })
})
