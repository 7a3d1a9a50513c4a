import { inputShape, readTable, scalePixels, type DataProblem, type Dataset, type TaskCard } from '@panal/client-core'
import { countPerClass, type DataSummary, type RefusedRow } from '../data/table-file.ts'
import type { OwnSource } from './worker-messages.ts'

/** One's own drawings or file, as examples. @throws PanalError 'invalid-dataset' where no row can be used */
export function readSource(card: TaskCard, source: OwnSource): { dataset: Dataset; summary: DataSummary } {
  const { dataset, refused } = readOwn(card, source)
  const perClass = countPerClass(dataset.y, card.data.classes.length)
  return { dataset, summary: { numExamples: dataset.numExamples, perClass, refused } }
}

function readOwn({ data }: TaskCard, source: OwnSource): { dataset: Dataset; refused: readonly RefusedRow[] } {
  if (source.kind === 'drawings' && data.kind === 'image')
    return {
      dataset: {
        numExamples: source.labels.length,
        inputShape: inputShape(data),
        x: scalePixels(source.pixels, data),
        y: source.labels,
      },
      refused: [],
    }
  if (source.kind === 'file' && data.kind === 'table') {
    const refused: RefusedRow[] = []
    const onRefusedRow = ({ row = 0, column, message }: DataProblem) =>
      refused.push({ row, reason: column === undefined ? message : `${column}: ${message}` })
    try {
      return { dataset: readTable(source.text, data, { onRefusedRow }), refused }
    } catch (error) {
      const [first] = refused
      if (first === undefined) throw error
      throw new Error(`No row can be used. Row ${first.row}: ${first.reason}.`, { cause: error })
    }
  }
  throw new Error('This task learns from another kind of data.')
}
