import type { Dataset } from '@panal/client-core'

/** The same examples in memory that worker threads share; raw columns stay behind, for devices train on numbers. */
export function sharedDataset({ numExamples, inputShape, x, y }: Dataset): Dataset {
  const values = new Float32Array(new SharedArrayBuffer(x.byteLength))
  const labels = new Int32Array(new SharedArrayBuffer(y.byteLength))
  values.set(x)
  labels.set(y)
  return { numExamples, inputShape, x: values, y: labels }
}
