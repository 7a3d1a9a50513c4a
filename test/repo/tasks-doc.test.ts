import { expect, it } from '@jest/globals'
import { readTable, type TableSchema } from '@panal/client-core'
import { parseTaskDocument } from '../../server/src/registry/parse-task.ts'
import { readTracked } from './tracked-files.ts'

const page = readTracked('docs/tasks.md')
const block = (language: string): string => new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(page)![1]!

it('the task document of docs/tasks.md is one, and its table is read by it', () => {
  const document = JSON.parse(block('json')) as { readonly data: TableSchema }
  expect(parseTaskDocument(document)).toMatchObject({ ok: true })
  expect(readTable(block('csv'), document.data).numExamples).toBe(3)
})
