import '@mantine/charts/styles.css'
import { LineChart } from '@mantine/charts'
import { Center, Text } from '@mantine/core'
import type { RoundSummary } from '@panal/client-core'
import { formatPercent } from './format.ts'

/** Accuracy (left) and log loss (right) of each round's candidate, oldest first. */
export default function ProgressChart({ rounds }: { readonly rounds: readonly RoundSummary[] }) {
  const data = rounds
    .flatMap(({ number, accuracy, logLoss }) =>
      accuracy === undefined || logLoss === undefined ? [] : [{ number, accuracy, logLoss }],
    )
    .reverse()
  if (data.length < 2)
    return (
      <Center h={200}>
        <Text size="sm" c="dimmed">
          From the second judged round on, accuracy and loss are drawn here.
        </Text>
      </Center>
    )
  const leastAccuracy = Math.min(...data.map(({ accuracy }) => accuracy))
  return (
    <figure
      style={{ margin: 0 }}
      aria-label={`Accuracy of ${data.length} rounds, now ${formatPercent(data.at(-1)?.accuracy ?? 0)}`}
    >
      <LineChart
        h={220}
        data={data}
        dataKey="number"
        withRightYAxis
        withLegend
        series={[
          { name: 'accuracy', label: 'Accuracy', color: 'teal.6' },
          { name: 'logLoss', label: 'Log loss', color: 'honey.5', yAxisId: 'right' },
        ]}
        curveType="linear"
        withDots={data.length <= 40}
        yAxisProps={{
          width: 68,
          domain: [Math.floor(leastAccuracy * 10) / 10, 1],
          tickFormatter: (value: number) => formatPercent(value),
        }}
        rightYAxisProps={{ width: 44, domain: [0, 'auto'], tickFormatter: (value: number) => value.toFixed(2) }}
        valueFormatter={(value) => value.toFixed(4)}
        lineProps={{ isAnimationActive: false }}
        xAxisLabel="round"
      />
    </figure>
  )
}
