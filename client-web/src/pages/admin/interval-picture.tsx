import { formatNumber } from '../../components/format.ts'
import { intervalScale } from './interval-scale.ts'

interface IntervalPictureProps {
  readonly estimate: number
  readonly interval: readonly [number, number]
  /** Given for differences: worse than −margin is too much worse; 0 is no difference. */
  readonly margin?: number
  readonly color: string
}

const width = 320
const height = 56
const line = 22

/** An interval and its estimate on a line; with a margin, against the zones "too much worse" and "better". */
export function IntervalPicture({ estimate, interval: [low, high], margin, color }: IntervalPictureProps) {
  const { position, ticks } = intervalScale({ low, high, estimate, margin })
  const at = (value: number): number => 10 + position(value) * (width - 20)
  const ink = `var(--mantine-color-${color}-6)`
  return (
    <svg
      viewBox={`0 0 ${width} ${height}`}
      width="100%"
      role="img"
      aria-label={`Estimate ${formatNumber(estimate)}, between ${formatNumber(low)} and ${formatNumber(high)}${margin === undefined ? '' : `, margin ${formatNumber(-margin)}`}`}
      style={{ maxWidth: 440, display: 'block' }}
    >
      {margin !== undefined && (
        <>
          <rect x={0} y={4} width={at(-margin)} height={36} fill="var(--mantine-color-red-6)" opacity={0.1} />
          <rect x={at(0)} y={4} width={width - at(0)} height={36} fill="var(--mantine-color-teal-6)" opacity={0.1} />
        </>
      )}
      <line x1={0} x2={width} y1={line} y2={line} stroke="currentColor" opacity={0.25} />
      {ticks.map(({ value, label, anchor }) => (
        <g key={label}>
          <line
            x1={at(value)}
            x2={at(value)}
            y1={4}
            y2={40}
            stroke="currentColor"
            opacity={0.5}
            strokeDasharray="3 2"
          />
          <text x={at(value)} y={52} fontSize={10} textAnchor={anchor} fill="currentColor" opacity={0.75}>
            {label}
          </text>
        </g>
      ))}
      <line x1={at(low)} x2={at(high)} y1={line} y2={line} stroke={ink} strokeWidth={5} strokeLinecap="round" />
      <circle cx={at(estimate)} cy={line} r={5} fill={ink} stroke="var(--mantine-color-body)" strokeWidth={1.5} />
    </svg>
  )
}
