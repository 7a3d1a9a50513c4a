import { bandwidth, type Aggregation } from '@panal/client-core'
import { formatDuration } from './format.ts'

/** 3.4 GB/s; undefined where it was too quick to tell. */
export function sayBandwidth(aggregation: Aggregation): string | undefined {
  const gbPerS = bandwidth(aggregation)
  return gbPerS === undefined ? undefined : `${gbPerS.toPrecision(2)} GB/s`
}

/** webgpu, 120 ms, 3.4 GB/s. */
export function sayAggregation(aggregation: Aggregation | undefined): string {
  if (aggregation === undefined) return '–'
  const speed = sayBandwidth(aggregation)
  return `${aggregation.engine}, ${formatDuration(aggregation.ms)}${speed === undefined ? '' : `, ${speed}`}`
}
