import { makeRng, type DataSchema, type Dataset } from '@panal/client-core'
import { makePolicy } from '../../policy.ts'
import type { Variation } from '../contract.ts'
import { variations } from './registry.ts'
import type { DatasetVariation, VaryingExamples } from './variation.ts'

export interface VariedDataset {
  readonly dataset: Dataset
  /** [numExamples] 1 where the model sees another example than before. */
  readonly applies: Uint8Array
}

/** The examples under a variation, in their order. The same examples and variation give the same bytes. */
export function vary(examples: VaryingExamples, schema: DataSchema, { seed, ...spec }: Variation): VariedDataset {
  const dataset = makePolicy<DatasetVariation>(variations, spec).vary(examples, schema, makeRng(seed).fork(spec.name))
  return { dataset, applies: changed(examples.dataset, dataset) }
}

/** What is encoded alike is the same example to a model, whatever the raw values are. */
function changed(before: Dataset, { x, numExamples }: Dataset): Uint8Array {
  const applies = new Uint8Array(numExamples)
  const width = x.length / Math.max(1, numExamples)
  for (let row = 0; row < numExamples; row++)
    for (let i = row * width; i < (row + 1) * width && applies[row] === 0; i++)
      if (x[i] !== before.x[i]) applies[row] = 1
  return applies
}
