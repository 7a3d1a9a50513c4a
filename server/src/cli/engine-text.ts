import { bandwidth, type RoundSummary } from '@panal/client-core'

/** Its name, and how fast it read the updates. */
export function engineText(aggregation: RoundSummary['aggregation']): string | undefined {
  if (aggregation === undefined) return undefined
  const { engine, lost } = aggregation
  const gbPerS = bandwidth(aggregation)
  const speed = gbPerS === undefined ? '' : ` ${gbPerS.toPrecision(2)} GB/s`
  return `${engine}${speed}${lost === undefined ? '' : ` (${lost} lost)`}`
}
