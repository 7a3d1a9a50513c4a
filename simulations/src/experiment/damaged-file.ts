import { ExperimentError } from './experiment-error.ts'

export interface Damage {
  /** What to do, in the imperative. */
  readonly mend?: string
  readonly cause?: unknown
}

/** A file of a run's folder that is missing or has other bytes than were written. */
export const damagedFile = (path: string, { mend = 'begin again in another folder', cause }: Damage = {}) =>
  new ExperimentError('damaged-checkpoint', `${path} is not whole: ${mend}`, { cause })

/** The JSON object that the text of a file is. @throws ExperimentError 'damaged-checkpoint' */
export function storedObject(text: string, path: string, mend?: string): object {
  const advice = mend === undefined ? {} : { mend }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw damagedFile(path, { ...advice, cause })
  }
  if (typeof value !== 'object' || value === null) throw damagedFile(path, advice)
  return value
}
