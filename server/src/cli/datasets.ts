import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { Command } from 'commander'
import type { DatasetLook } from '../registry/look-at-dataset.ts'
import { CommandError, exitCodes, type CliContext } from './context.ts'
import { fields, show } from './output.ts'
import { onServer } from './server-command.ts'

/** `panal dataset …` */
export function datasetCommands(program: Command, context: CliContext): void {
  const dataset = program.command('dataset').description('give the server examples of its own')
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
