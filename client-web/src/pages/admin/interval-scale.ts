import { formatNumber } from '../../components/format.ts'

export interface Tick {
  readonly value: number
  readonly label: string
  /** The two labels of a margin stand on either side of the gap between them, so that they never overlap. */
  readonly anchor: 'start' | 'middle' | 'end'
}

interface Drawn {
  readonly low: number
  readonly high: number
  readonly estimate: number
  readonly margin: number | undefined
}

/** Where values lie on a line, 0…1, so that all that is drawn is on it with some air; and what to mark there. */
export function intervalScale({ low, high, estimate, margin }: Drawn): {
  position: (value: number) => number
  ticks: readonly Tick[]
} {
  const marks = margin === undefined ? [low, high] : [-margin, 0]
  const least = Math.min(low, estimate, ...marks)
  const most = Math.max(high, estimate, ...marks)
  const air = (most - least === 0 ? Math.max(Math.abs(most), 1e-6) : most - least) * 0.12
  const [start, end] = [least - air, most + air]
  return {
    position: (value) => Math.min(1, Math.max(0, (value - start) / (end - start))),
    ticks:
      margin === undefined
        ? marks.map((value) => ({ value, label: formatNumber(value), anchor: 'middle' }))
        : [
            { value: -margin, label: 'margin', anchor: 'end' },
            { value: 0, label: 'no change', anchor: 'start' },
          ],
  }
}
