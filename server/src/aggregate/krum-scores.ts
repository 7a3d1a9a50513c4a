/**
 * Krum's score of each row of `among`: the sum of its squared distances to the nearest `among.length − f − 2` others, at least
 * one of them as far as there are others.
 * @param squared [numRows · numRows]
 */
export function krumScores(
  squared: Float64Array,
  { numRows, f, among = [...Array(numRows).keys()] }: { numRows: number; f: number; among?: readonly number[] },
): Float64Array {
  const numNearest = Math.max(1, among.length - f - 2)
  return Float64Array.from(among, (i) => {
    const others = Float64Array.from(
      among.filter((j) => j !== i),
      (j) => squared[i * numRows + j]!,
    ).sort()
    return others.subarray(0, numNearest).reduce((sum, distance) => sum + distance, 0)
  })
}

/** Places of the `count` lowest scores, the lowest first, of equal ones the first. */
export const lowest = (scores: Float64Array, count: number): number[] =>
  [...scores.keys()].sort((i, j) => scores[i]! - scores[j]! || i - j).slice(0, count)

/** What takes the plain mean of these rows: 1 each, to be divided by their number. */
export function onesAt(indices: readonly number[], numRows: number): Float64Array {
  const ones = new Float64Array(numRows)
  for (const index of indices) ones[index] = 1
  return ones
}
