import type { Figure } from '@panal/client-core'
import type { Predictions } from '../contract.ts'
import { confusion } from '../statistics/confusion.ts'

/** With more classes the counts would be most of the report, and no picture. */
const maxClasses = 50

/** What a report shows of the model as such, whatever the checks looked at. None without examples. */
export function modelFigures(predictions: Predictions, classes: readonly string[]): Figure[] {
  if (predictions.labels.length === 0 || classes.length > maxClasses) return []
  const { counts } = confusion(predictions)
  return [{ kind: 'confusion', title: 'What is taken for what, on the evaluation set', classes, counts }]
}
