import '@mantine/charts/styles.css'
import { AreaChart } from '@mantine/charts'
import { Center, Text } from '@mantine/core'
import type { LossPoint } from '../device/contribution-view.ts'
import { roundTicks } from './round-ticks.ts'

/** Training loss over this session's rounds. Drawn without animation: it changes several times a second. */
export default function LossChart({ points }: { readonly points: readonly LossPoint[] }) {
  if (points.length === 0)
    return (
      <Center h={180}>
        <Text size="sm" c="dimmed">
          The loss is drawn here while this device trains. Lower is better.
        </Text>
      </Center>
    )
  const ticks = roundTicks(points[0]!.at, points.at(-1)!.at)
  return (
    <figure
      style={{ margin: 0 }}
      aria-label={`Training loss, from ${points[0]?.loss.toFixed(3)} to ${points.at(-1)?.loss.toFixed(3)}`}
    >
      <AreaChart
        h={180}
        data={points.map(({ at, loss }) => ({ at, loss }))}
        dataKey="at"
        series={[{ name: 'loss', label: 'Loss', color: 'honey.5' }]}
        curveType="linear"
        withDots={points.length <= 3}
        withGradient
        xAxisProps={{ type: 'number', ticks, domain: [ticks[0]!, ticks.at(-1)!], interval: 0 }}
        yAxisProps={{ width: 52, domain: [0, 'auto'], interval: 0 }}
        areaChartProps={{ margin: { top: 8, bottom: 15 } }}
        valueFormatter={(loss) => loss.toFixed(4)}
        areaProps={{ isAnimationActive: false }}
        xAxisLabel="rounds of this session"
      />
    </figure>
  )
}
