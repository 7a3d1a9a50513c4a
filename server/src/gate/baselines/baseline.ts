import { Type, type Static } from 'typebox'
import type { Predictions } from '../contract.ts'

/** One condition on one column, and what it answers: what a person would say without any learning. */
export const HeuristicRule = Type.Object(
  {
    column: Type.String({ minLength: 1, maxLength: 80 }),
    op: Type.Union([
      Type.Literal('<'),
      Type.Literal('<='),
      Type.Literal('>'),
      Type.Literal('>='),
      Type.Literal('='),
      Type.Literal('!='),
    ]),
    value: Type.Union([Type.Number(), Type.String({ maxLength: 80 })]),
    then: Type.String({ minLength: 1, maxLength: 80, description: 'the class where the condition holds' }),
    otherwise: Type.String({
      minLength: 1,
      maxLength: 80,
      description: 'the class where it does not, or where the value is missing',
    }),
  },
  { additionalProperties: false },
)
export type HeuristicRule = Static<typeof HeuristicRule>

/** Something to beat that is no model of the task, made from the task's own data. */
export type Baseline =
  | { readonly kind: 'logistic'; readonly ridge: number }
  | { readonly kind: 'rule'; readonly rule: HeuristicRule }
  | {
      readonly kind: 'recorded'
      /** A dataset: a CSV with a row for each example of the gate set, in its order. */
      readonly sha256: string
    }

/** What a baseline answers on the gate set. */
export interface BaselinePredictions extends Predictions {
  /** False where it answers classes only: they are 1 and the others 0. */
  readonly areProbabilities: boolean
}

/** Answers as certain probabilities. */
export function certain(answers: ArrayLike<number>, labels: Int32Array, numClasses: number): BaselinePredictions {
  const probabilities = new Float32Array(labels.length * numClasses)
  for (let row = 0; row < labels.length; row++) probabilities[row * numClasses + answers[row]!] = 1
  return { probabilities, labels, numClasses, areProbabilities: false }
}
