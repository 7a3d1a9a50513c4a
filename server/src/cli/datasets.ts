import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { Command } from 'commander'
import type { DatasetLook } from '../registry/look-at-dataset.ts'
import type { StoredDataset } from '../registry/stored-datasets.ts'
import { CommandError, exitCodes, type CliContext } from './context.ts'
import { fields, show, table, when } from './output.ts'
import { onServer } from './server-command.ts'

/** `panal dataset …` */
export function datasetCommands(program: Command, context: CliContext): void {
  const dataset = program.command('dataset').description('the server’s own examples: give it some, list them')
  onServer(
    dataset.command('list').description('what is stored, newest first, and which tasks use it'),
    context,
    async (api, { json }) => {
      const answer = await api.get<{ datasets: StoredDataset[] }>('/v1/datasets')
      show(context, json, answer, () =>
        table(
          ['sha256', 'kind', 'added', 'bytes', 'examples', 'used by', 'looks like'],
          answer.datasets.map(({ sha256, kind, addedAt, numBytes, uses, look }) => [
            sha256,
            kind,
            when(addedAt),
            numBytes,
            look === null ? undefined : numExamplesOf(look),
            uses.length === 0 ? undefined : uses.map(({ taskId, path }) => `${taskId} ${path.slice(1)}`).join(', '),
            look === null ? 'gone or unreadable: panal check' : describe(look),
          ]),
        ),
      )
    },
  )

  onServer(
    dataset
      .command('add')
      .description('store a dataset file under its digest')
      .argument('<file>', 'safetensors or CSV, as the task’s data schema says')
      .option('--sample', 'a public shard for visitors without data, instead of one for evaluation'),
    context,
    async (api, { json, sample }, [file = '']) => {
      const size = await fileSize(file)
      const path = `/v1/datasets${sample === true ? '?kind=sample' : ''}`
      const answer = await api.put<{ sha256: string; numBytes: number; look: DatasetLook }>(
        path,
        createReadStream(file),
        size,
      )
      show(context, json, answer, () =>
        fields({ sha256: answer.sha256, bytes: answer.numBytes, 'looks like': describe(answer.look) }),
      )
    },
  )
}

async function fileSize(file: string): Promise<number> {
  const found = await stat(file).catch(() => undefined)
  if (found?.isFile() === true) return found.size
  throw new CommandError(exitCodes.usage, 'file-not-readable', `${file} is not a file that can be read`)
}

const inEnglish = new Intl.NumberFormat('en')

const describe = (look: DatasetLook): string =>
  look.format === 'csv'
    ? `CSV, ${inEnglish.format(look.numRows)} rows, ${look.columns.length} columns: ${look.columns.join(', ')}`
    : `safetensors, ${look.tensors.map(({ name, dtype, shape }) => `${name} ${dtype} [${shape.join(', ')}]`).join(', ')}`

/** Rows of a table; of tensors, what all of them begin with. */
function numExamplesOf(look: DatasetLook): number | undefined {
  if (look.format === 'csv') return look.numRows
  const [first, ...others] = look.tensors.map(({ shape }) => shape[0])
  return others.every((each) => each === first) ? first : undefined
}
