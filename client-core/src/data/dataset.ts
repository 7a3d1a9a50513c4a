/** Labelled examples, ready for a model. */
export interface Dataset {
  readonly numExamples: number
  /** Shape of one example: [height, width, channels] or [numFeatures]. */
  readonly inputShape: readonly number[]
  /** [numExamples, ...inputShape], row-major. */
  readonly x: Float32Array
  /** [numExamples]: class indices. */
  readonly y: Int32Array
  /** Raw values of each named column, [numExamples] each; '' where missing. Only for tables. */
  readonly columns?: Readonly<Record<string, readonly string[]>>
}
