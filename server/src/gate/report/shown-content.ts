import type { DataSchema, Dataset, ImageSchema } from '@panal/client-core'
import type { ShownContent } from '../contract.ts'
import { encodePng } from './png.ts'

export interface Shown {
  readonly places: ArrayLike<number>
  /** Says whose example each is, and is left out. */
  readonly clientColumn?: string | undefined
}

/** What people see of the examples at these places: raw values of a table's columns, or a picture. */
export const shownContents = (dataset: Dataset, data: DataSchema, { places, clientColumn }: Shown): ShownContent[] =>
  Array.from(places, (place) =>
    data.kind === 'image'
      ? { image: pictureAt(dataset, data, place) }
      : { columns: columnsAt(dataset, place, clientColumn) },
  )

const columnsAt = ({ columns = {} }: Dataset, place: number, hidden?: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(columns).flatMap(([name, values]) => (name === hidden ? [] : [[name, values[place] ?? '']])),
  )

function pictureAt({ x }: Dataset, size: ImageSchema, place: number): NonNullable<ShownContent['image']> {
  const { width, height, channels, scale } = size
  const length = width * height * channels
  // Inputs are bytes × scale; what a variation made of them may lie outside.
  const pixels = Uint8Array.from({ length }, (_, i) =>
    scale === 0 ? 0 : Math.min(255, Math.max(0, Math.round(x[place * length + i]! / scale))),
  )
  return { width, height, png: encodePng({ width, height, channels }, pixels) }
}
