import { documentErrors, type DocumentError } from './document-errors.ts'
import { crossFieldErrors } from './document-rules.ts'
import { TaskDocument } from './task-document.ts'

export type ParsedTask =
  | { readonly ok: true; readonly document: TaskDocument }
  | { readonly ok: false; readonly errors: readonly DocumentError[] }

/** Deeper than any topology; far from what recursion over a document can take. */
const maxDepth = 64
const maxReported = 100

/**
 * A task document, or every mistake in it with its path, at most 100. Cross-field rules are looked at once the schema
 * holds. Says nothing of the model or the data: `checkModel` and `checkData` do.
 */
export function parseTaskDocument(value: unknown): ParsedTask {
  if (isDeeperThan(value, maxDepth))
    return { ok: false, errors: [{ path: '', message: `is nested more than ${maxDepth} deep` }] }
  const errors = documentErrors(TaskDocument, value)
  if (errors.length > 0) return { ok: false, errors: errors.slice(0, maxReported) }
  const document = value as TaskDocument
  const broken = crossFieldErrors(document)
  return broken.length > 0 ? { ok: false, errors: broken.slice(0, maxReported) } : { ok: true, document }
}

/** Level by level, so that the depth which it guards against cannot overflow its own stack. */
function isDeeperThan(value: unknown, depth: number): boolean {
  let level = [value]
  for (let i = 0; i <= depth; i++) {
    level = level.flatMap((each) =>
      typeof each === 'object' && each !== null ? (Object.values(each) as unknown[]) : [],
    )
    if (level.length === 0) return false
  }
  return true
}
