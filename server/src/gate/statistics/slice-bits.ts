import type { ItemTable, Rows } from './slice-table.ts'

/** For columns with few values, the rows that have each value as bits: to count them 32 at a time. */
export interface ItemBits {
  /** 32 rows each. */
  readonly numWords: number
  /** [columns] where the words of a column's first item begin; −1 where it has too many values. */
  readonly startOf: Int32Array
  readonly words: Int32Array
}

/** More, and the bits of a column would be larger than its items. */
const maxItems = 32

export function itemBits({ numRows, numColumns, items, firsts }: ItemTable): ItemBits {
  const numWords = Math.ceil(numRows / 32)
  const startOf = new Int32Array(numColumns)
  let size = 0
  for (let column = 0; column < numColumns; column++) {
    const numItems = firsts[column + 1]! - firsts[column]!
    startOf[column] = numItems > maxItems ? -1 : size
    if (numItems <= maxItems) size += numItems * numWords
  }
  const words = new Int32Array(size)
  for (let column = 0; column < numColumns; column++) {
    const start = startOf[column]!
    if (start < 0) continue
    for (let row = 0; row < numRows; row++) {
      const value = items[row * numColumns + column]! - firsts[column]!
      words[start + value * numWords + (row >> 5)]! |= 1 << (row & 31)
    }
  }
  return { numWords, startOf, words }
}

/** Sets the bits of these rows, and no others. */
export function markRows(rows: Rows, words: Int32Array): void {
  words.fill(0)
  for (const row of rows.rows) words[row >> 5]! |= 1 << (row & 31)
}

/** How many of the marked rows have the item that is `place` items after the first of its column. */
export function countMarked(
  { numWords, startOf, words }: ItemBits,
  marked: Int32Array,
  column: number,
  place: number,
): number {
  const start = startOf[column]! + place * numWords
  let sum = 0
  for (let i = 0; i < numWords; i++) {
    // Ones are added up within pairs of bits, fours and bytes, and then the four bytes.
    let bits = words[start + i]! & marked[i]!
    bits -= (bits >>> 1) & 0x55555555
    bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333)
    sum += Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
  }
  return sum
}
