import type { DocumentError } from '@panal/server'

/** Why an experiment does not run, or does not go on. docs/simulations.md lists the same codes. */
export const experimentErrors = {
  'invalid-experiment': 'the experiment has errors; each is listed with its path',
  'unreadable-experiment': 'the file cannot be read, or is neither YAML nor JSON',
  'unwritable-output': 'the output folder cannot be written',
  'output-in-use': 'the output folder holds a run already; --resume goes on with it',
  'output-busy': 'another process runs in the output folder',
  'other-experiment':
    'the output folder holds a run of another experiment, seed or data, or an unfinished one by another program or processor',
  'damaged-checkpoint': 'a file of the run is missing or not whole',
  'no-device': 'no device becomes available',
  'no-run': 'the folder holds no run',
} as const

export type ExperimentErrorCode = keyof typeof experimentErrors

/** Ends a command with a sentence for people, and a line for each mistake of a document. */
export class ExperimentError extends Error {
  override readonly name = 'ExperimentError'
  readonly errors: readonly DocumentError[]
  constructor(
    readonly code: ExperimentErrorCode,
    message: string = experimentErrors[code],
    { errors = [], ...options }: ErrorOptions & { readonly errors?: readonly DocumentError[] } = {},
  ) {
    super(message, options)
    this.errors = errors
  }
}
