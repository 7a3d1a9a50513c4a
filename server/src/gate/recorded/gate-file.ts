import { readFile } from 'node:fs/promises'
import type { DataSchema } from '@panal/client-core'
import { documentErrors, type DocumentError } from '../../registry/document-errors.ts'
import { gateErrors } from '../../registry/document-rules.ts'
import { GateSpec, type GateCheckSpec } from '../checks/registry.ts'
import { RecordedError, unreadable } from './recorded-error.ts'

/**
 * The checks of a file that holds the `gate` section of a task document.
 * @throws RecordedError 'unreadable-file' | 'invalid-gate', with the path of every mistake
 */
export async function readGateFile(path: string): Promise<readonly GateCheckSpec[]> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw unreadable(path, cause)
  })
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new RecordedError('invalid-gate', `${path} is no JSON: ${(cause as Error).message}`, [], { cause })
  }
  const errors = documentErrors(GateSpec, value)
  if (errors.length > 0) throw invalid(errors)
  return (value as { readonly checks: readonly GateCheckSpec[] }).checks
}

/** What no single setting can say: whether the checks go with each other and with the data. @throws RecordedError 'invalid-gate' */
export function requireFitting(checks: readonly GateCheckSpec[], data: DataSchema): void {
  const errors = gateErrors({ checks: [...checks] }, { data })
  if (errors.length > 0) throw invalid(errors)
}

const invalid = (errors: readonly DocumentError[]): RecordedError =>
  new RecordedError(
    'invalid-gate',
    'the gate file has mistakes; it must be the "gate" section of a task document, {"checks": […]}',
    errors.map(({ path, message }) => `${path === '' ? 'the document' : path}: ${message}`),
  )
