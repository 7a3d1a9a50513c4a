import type { DataSchema, Dataset, ImageSchema } from '@panal/client-core'
import type { ShownContent } from '../contract.ts'
import { encodePng } from './png.ts'

/** What people see of the examples at these places: raw values of a table's columns, or a picture. */
export const shownContents = (dataset: Dataset, data: DataSchema, places: ArrayLike<number>): ShownContent[] =>
  Array.from(places, (place) =>
    data.kind === 'image' ? { image: pictureAt(dataset, data, place) } : { columns: columnsAt(dataset, place) },
  )

const columnsAt = ({ columns = {} }: Dataset, place: number): Record<string, string> =>
  Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, values[place] ?? '']))

function pictureAt({ x }: Dataset, size: ImageSchema, place: number): NonNullable<ShownContent['image']> {
  const { width, height, channels, scale } = size
  const length = width * height * channels
  // Inputs are bytes × scale; what a variation made of them may lie outside.
  const pixels = Uint8Array.from({ length }, (_, i) =>
    scale === 0 ? 0 : Math.min(255, Math.max(0, Math.round(x[place * length + i]! / scale))),
  )
  return { width, height, png: encodePng({ width, height, channels }, pixels) }
}
