import { readDataset, type Dataset, type TaskCard } from '@panal/client-core'
import { countPerClass, type DataSummary } from '../data/table-file.ts'
import { sha256 } from './sha256.ts'

/** A public shard of the task, from the server: verified by the digest that the task card names. */
export async function borrowSample(
  card: TaskCard,
  digest: string,
): Promise<{ dataset: Dataset; summary: DataSummary }> {
  const response = await fetch(`/v1/blobs/${digest}`)
  if (!response.ok) throw new Error(`The sample could not be fetched (HTTP ${response.status}).`)
  const bytes = new Uint8Array(await response.arrayBuffer())
  if ((await sha256(bytes)) !== digest) throw new Error('The sample that arrived is not the one this task names.')
  const dataset = readDataset(bytes, card.data, { labels: 'skip' })
  const perClass = countPerClass(dataset.y, card.data.classes.length)
  return { dataset, summary: { numExamples: dataset.numExamples, perClass, refused: [] } }
}
