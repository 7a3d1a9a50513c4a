import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Command } from 'commander'
import { ExperimentError } from '../experiment/experiment-error.ts'
import { finishedOnce, readRuns } from '../experiment/read-runs.ts'
import { resultWriters, type ResultFormat } from '../results/registry.ts'

type ExportFlags = { readonly out: string } & Readonly<Partial<Record<ResultFormat, boolean>>>

const formats = Object.keys(resultWriters) as ResultFormat[]

/** One flag for each format: a new one appears by its line in the registry. */
export function addExportCommand(program: Command): void {
  const command = program
    .command('export')
    .argument('<folders...>', 'of runs and sweeps')
    .description(
      'Writes what came of finished runs as files for other programs and people; every format if none is named.',
    )
    .requiredOption('--out <folder>', 'where the files go')
  for (const format of formats) command.option(`--${format}`)
  command.action(exportRuns)
}

/** @throws ExperimentError 'no-run' where none is finished */
async function exportRuns(folders: string[], { out, ...flags }: ExportFlags): Promise<void> {
  const found = await readRuns(folders)
  const records = finishedOnce(found).map(({ record }) => record)
  if (records.length === 0) throw new ExperimentError('no-run', `${folders.join(', ')}: no run there is finished`)
  const named = formats.filter((format) => flags[format] === true)
  for (const format of named.length === 0 ? formats : named)
    for (const { path, bytes } of resultWriters[format].write(records)) {
      const file = join(out, path)
      await mkdir(dirname(file), { recursive: true })
      await writeFile(file, bytes)
      process.stdout.write(`${file}\n`)
    }
  const numLeftOut = found.length - records.length
  if (numLeftOut > 0) process.stdout.write(`left out: ${numLeftOut} runs that are not finished, or there twice\n`)
}
