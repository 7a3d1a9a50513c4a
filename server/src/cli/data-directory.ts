import { systemClock, type Clock } from '@panal/client-core'
import type { Command } from 'commander'
import { codeVersion } from '../code-version.ts'
import { StartupError } from '../startup-error.ts'
import { backUp } from '../store/backup.ts'
import { checkData, collectOrphans, type Findings } from '../store/check.ts'
import { DataError, requireDataDirectory, type Tell } from '../store/data-error.ts'
import { openDataDir } from '../store/data-dir.ts'
import { BlobFiles } from '../store/blob-files.ts'
import { blobPath } from '../store/named-files.ts'
import { openSound } from '../store/open-sound.ts'
import { restore, restoreBlobs } from '../store/restore.ts'
import { totalBytes } from '../store/backup-manifest.ts'
import { CommandError, exitCodes, type CliContext } from './context.ts'
import { show, megabytes } from './output.ts'

interface Options {
  readonly data?: string
  readonly json?: boolean
  readonly force?: boolean
  readonly blobsOnly?: boolean
  readonly dryRun?: boolean
}

interface Work {
  readonly options: Options
  readonly data: string
  readonly clock: Clock
  readonly tell: Tell
}

/** `panal backup`, `panal restore`, `panal check` and `panal gc`: on the files of a data directory, not through a server. */
export function dataDirectoryCommands(program: Command, context: CliContext): void {
  const add = (command: Command, run: (work: Work, path: string) => Promise<void>) =>
    command
      .option('--data <folder>', 'the data directory (env PANAL_DATA, default ./panal-data)')
      .option('--json', 'print the outcome as JSON')
      .action(async () => {
        const options = command.opts<Options>()
        const data = options.data ?? context.env['PANAL_DATA'] ?? './panal-data'
        const clock = systemClock({ setTimeout, clearTimeout })
        await run({ options, data, clock, tell: progress(context) }, command.args[0] ?? '').catch(sayWhy)
      })

  add(
    program
      .command('backup')
      .description('copy the data directory as it is now into a new folder; a server may run on it')
      .argument('<folder>', 'where: a path that is not there yet'),
    async ({ data, clock, tell, options }, folder) => {
      const manifest = await backUp(data, folder, { clock, codeVersion: codeVersion(), tell })
      const { files, auditHead } = manifest
      const answer = { folder, numFiles: files.length, bytes: totalBytes(manifest), auditHead }
      show(
        context,
        options.json,
        answer,
        () =>
          `${folder}: ${answer.numFiles} files, ${megabytes(answer.bytes)}, read back and sound; audit head ${auditHead.seq} ${auditHead.hash}\n`,
      )
    },
  )

  add(
    program
      .command('restore')
      .description('make a data directory what it was when a backup was taken; stop its server first')
      .argument('<backup>', 'the folder of a backup')
      .option('--force', 'move aside what the directory holds, into its folder before-restore-<n>')
      .option('--blobs-only', 'only put back blobs that are damaged or gone; a server may run'),
    async ({ data, clock, tell, options }, backup) => {
      if (options.blobsOnly === true) {
        const mended = await restoreBlobs(backup, data, tell)
        show(context, options.json, { mended }, () => `${mended.length} blobs put back\n${lines(mended)}`)
        return
      }
      const manifest = await restore(backup, data, { force: options.force === true, clock, tell })
      const answer = { data, numFiles: manifest.files.length, takenAt: manifest.takenAt }
      show(context, options.json, answer, () => `${data} is what it was at ${time(manifest.takenAt)}\n`)
    },
  )

  add(
    program
      .command('check')
      .description('read the whole data directory and say what is damaged; a server may run on it'),
    async ({ data, clock, tell, options }) => {
      const findings = await checkData(data, { clock, tell })
      show(context, options.json, findings, () => soundText(findings))
      const problems = damageLines(findings, data)
      if (problems.length > 0)
        throw new CommandError(exitCodes.refused, 'data-damaged', `${data} is not what was written to it`, problems)
    },
  )

  add(
    program
      .command('gc')
      .description('delete blobs that nothing refers to; stop the server first')
      .option('--dry-run', 'only list them'),
    async ({ data, options }) => {
      const dryRun = options.dryRun === true
      const deleted = await onStoppedServer(data, dryRun)
      const verb = dryRun ? 'to delete' : 'deleted'
      show(context, options.json, { deleted, dryRun }, () => `${deleted.length} blobs ${verb}\n${lines(deleted)}`)
    },
  )
}

async function onStoppedServer(data: string, dryRun: boolean): Promise<string[]> {
  requireDataDirectory(data)
  const dataDir = await openDataDir(data)
  try {
    const db = await openSound(dataDir, new BlobFiles(dataDir))
    try {
      return await collectOrphans(dataDir, db, { dryRun })
    } finally {
      db.close()
    }
  } finally {
    dataDir.close()
  }
}

const lines = (items: readonly string[]): string => items.map((item) => `  ${item}\n`).join('')
const time = (at: number): string => new Date(at).toISOString()

const soundText = ({ numBlobs, numAuditRows, numOrphans, ...found }: Findings): string =>
  `database ${found.database.length === 0 ? 'sound' : 'damaged'}, ${numAuditRows} audit rows unbroken, ` +
  `${numBlobs - found.blobs.length} of ${numBlobs} blobs sound, ${numOrphans} blobs that nothing refers to\n`

/** What is wrong, and under it what to do. */
function damageLines({ database, blobs, updates }: Findings, data: string): string[] {
  return [
    ...database,
    ...(database.length === 0 ? [] : [`→ stop the server, then: panal restore <backup> --force --data ${data}`]),
    ...blobs.map((sha256) => `${blobPath(sha256)} is damaged or gone`),
    ...(blobs.length === 0 ? [] : [`→ panal restore <backup> --blobs-only --data ${data}`]),
    ...updates.map((path) => `${path} is damaged or gone`),
    ...(updates.length === 0
      ? []
      : ['→ nothing to do: its round is given up, and the next one begins from the same model']),
  ]
}

/** A line for each tenth of a piece of work, on standard error. */
function progress({ complain }: CliContext): Tell {
  let said = ''
  return ({ doing, bytes, ofBytes }) => {
    const tenths = ofBytes === 0 ? 10 : Math.floor((10 * bytes) / ofBytes)
    const line = `${doing}: ${10 * tenths} %\n`
    if (line !== said) complain((said = line))
  }
}

function sayWhy(error: unknown): never {
  if (error instanceof DataError) throw new CommandError(exitCodes.refused, error.code, error.message, error.lines)
  if (error instanceof StartupError) throw new CommandError(exitCodes.refused, error.code, error.message)
  throw error
}
