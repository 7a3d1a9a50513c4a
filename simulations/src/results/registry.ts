import { csv } from './csv.ts'
import { html } from './html-report.ts'
import { notebook } from './notebook.ts'
import { parquet } from './parquet.ts'
import type { ResultWriter } from './result-writer.ts'
import { tensorboard } from './tensorboard.ts'

/** What results can be written as. A new format is one file and one line here. */
export const resultWriters = { csv, parquet, tensorboard, html, notebook } as const satisfies Record<
  string,
  ResultWriter
>
export type ResultFormat = keyof typeof resultWriters
