import { readFile } from 'node:fs/promises'
import { parseDocument } from 'yaml'
import { documentErrors } from '@panal/server'
import { completeExperiment, type CompleteExperiment } from './complete.ts'
import { contradictionsIn } from './contradictions.ts'
import { ExperimentError } from './experiment-error.ts'
import { Experiment } from './schema.ts'

/** What a file says, not looked at yet. @throws ExperimentError 'unreadable-experiment' */
export async function readDocument(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new ExperimentError('unreadable-experiment', `${path}: ${whyUnread(cause as NodeJS.ErrnoException)}`, {
      cause,
    })
  })
  return parseText(text, path)
}

const unread: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'it may not be read',
}

/** The file system's reason in plain words, for what people come across; else in its own. */
const whyUnread = ({ code = '', message }: NodeJS.ErrnoException): string => unread[code] ?? message

/** YAML 1.2, of which JSON is a part. @throws ExperimentError 'unreadable-experiment' with the reason, and line and column of what is no YAML */
export function parseText(text: string, path: string): unknown {
  const document = parseDocument(text, { version: '1.2', uniqueKeys: true })
  const [error] = document.errors
  if (error !== undefined) throw new ExperimentError('unreadable-experiment', `${path}: ${error.message}`)
  try {
    // An alias may stand for another alias a billion times over.
    return document.toJS({ maxAliasCount: 100 })
  } catch (cause) {
    // Aliases are followed only here: one that stands for nothing, or for too much.
    throw new ExperimentError('unreadable-experiment', `${path}: ${(cause as Error).message}`, { cause })
  }
}

/**
 * An experiment with its defaults filled in. What can be wrong only in view of the data, `openExperiment` tells.
 * @throws ExperimentError 'invalid-experiment' with every mistake
 */
export function parseExperiment(value: unknown): CompleteExperiment {
  const misread = documentErrors(Experiment, value)
  const errors = [...misread, ...contradictionsIn(value, misread)]
  if (errors.length > 0) throw new ExperimentError('invalid-experiment', undefined, { errors })
  return completeExperiment(value as Experiment)
}
