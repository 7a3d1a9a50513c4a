import '@mantine/charts/styles.css'
import { ScatterChart } from '@mantine/charts'
import { Text } from '@mantine/core'
import { outOfLine, type InspectedUpdateView } from '../api/types.ts'

/** A dot for each counted update: how long it was, and how much it pointed where the round went. */
export default function NormCosineChart({ updates }: { readonly updates: readonly InspectedUpdateView[] }) {
  const dots = updates.flatMap(({ norm, cosine, suspicion }) =>
    cosine === null ? [] : [{ norm, cosine, isOut: (suspicion ?? 0) > outOfLine }],
  )
  if (dots.length === 0)
    return (
      <Text size="sm" c="dimmed">
        Nothing is known of this round’s directions.
      </Text>
    )
  const series = (name: string, color: string, isOut: boolean) => ({
    name,
    color,
    data: dots.filter((dot) => dot.isOut === isOut).map(({ norm, cosine }) => ({ norm, cosine })),
  })
  return (
    <figure style={{ margin: 0 }} aria-label={`Norm and cosine of ${dots.length} updates`}>
      <Text size="xs" c="dimmed">
        cosine
      </Text>
      <ScatterChart
        h={220}
        data={[series('in line', 'teal.6', false), series('out of line', 'red.6', true)]}
        dataKey={{ x: 'norm', y: 'cosine' }}
        xAxisLabel="norm"
        withLegend
        yAxisProps={{
          domain: [-1, 1],
          ticks: [-1, -0.5, 0, 0.5, 1],
          tickFormatter: (value: number) => value.toFixed(1),
          width: 44,
        }}
        xAxisProps={{ domain: [0, 'auto'], tickFormatter: (value: number) => value.toPrecision(2) }}
        valueFormatter={{ x: (value) => value.toPrecision(4), y: (value) => value.toFixed(4) }}
        scatterProps={{ isAnimationActive: false }}
      />
    </figure>
  )
}
