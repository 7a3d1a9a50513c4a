import { canonicalJson } from '@panal/client-core'
import { heldTo, type Expected } from './expected.ts'
import type { OpenExperiment } from './open-experiment.ts'
import { lockOrSay, orSay, readConfig, readRecord, writeRecord, type FinishedRun } from './run-folder.ts'
import { assertSameRun, identityOf } from './run-identity.ts'

/** The record held to these bounds and to no others: nothing else of it is another. */
export function heldAnew(
  { config: { expected: _bounds, ...config }, expectation: _verdict, ...record }: FinishedRun,
  expected: Expected | undefined,
): FinishedRun {
  if (expected === undefined) return { ...record, config }
  return { ...record, config: { ...config, expected }, expectation: heldTo(expected, record) }
}

/** Whether the record says what it would if it were held to these bounds now. */
export function isHeldTo(record: FinishedRun, expected: Expected | undefined): boolean {
  const verdict = ({ config, expectation }: FinishedRun): string =>
    canonicalJson({ expected: config.expected ?? null, expectation: expectation ?? null })
  return verdict(record) === verdict(heldAnew(record, expected))
}

/**
 * The run that is finished in this folder, held to what is expected now; undefined where none is. Nothing is computed again, so
 * that it may be of another program or processor: its record goes on saying which.
 * @throws ExperimentError 'output-busy' | 'other-experiment' | 'damaged-checkpoint' | 'unwritable-output'
 */
export async function finishedRun(path: string, opened: OpenExperiment): Promise<FinishedRun | undefined> {
  const [config, record] = await orSay(path, Promise.all([readConfig(path), readRecord(path)]))
  if (config === undefined || record === undefined) return undefined
  const lock = lockOrSay(path)
  try {
    assertSameRun(path, config, identityOf(opened), { isFinished: true })
    const { expected } = opened.experiment
    const held = heldAnew(record, expected)
    if (!isHeldTo(record, expected)) await orSay(path, writeRecord(path, held))
    return held
  } finally {
    lock.close()
  }
}
