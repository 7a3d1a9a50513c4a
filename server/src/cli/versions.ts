import type { Pointers } from '@panal/client-core'
import type { Command } from 'commander'
import type { ModelVersion } from '../registry/model-version.ts'
import { CommandError, exitCodes, type CliContext } from './context.ts'
import { decimals, fields, percent, show, table, when } from './output.ts'
import { onServer } from './server-command.ts'

type ListedVersion = Omit<ModelVersion, 'participants'> & {
  readonly numParticipants: number
  readonly participants?: ModelVersion['participants']
}

/** `panal version …`, `panal promote` and `panal roll-back` */
export function versionCommands(program: Command, context: CliContext): void {
  const version = program.command('version').description('look at model versions')

  onServer(
    version
      .command('list')
      .description('versions of a task, newest first')
      .argument('<task>', 'the task')
      .option('--limit <n>', 'how many', '20'),
    context,
    async (api, { json, limit = '20' }, [task = '']) => {
      const path = `${pathOf(task)}/versions?limit=${encodeURIComponent(limit)}`
      const answer = await api.get<{ versions: ListedVersion[] }>(path)
      show(context, json, answer, () => table(listHead, answer.versions.map(listRow)))
    },
  )
  onServer(
    version
      .command('show')
      .description('one version with its lineage and gate report')
      .argument('<task>', 'the task')
      .argument('<version>', 'its number'),
    context,
    async (api, { json }, [task = '', number = '']) => {
      const answer = await api.get<ListedVersion>(`${pathOf(task)}/versions/${encodeURIComponent(number)}`)
      show(context, json, answer, () => versionText(answer))
    },
  )
  onServer(
    program
      .command('promote')
      .description('make a version the champion')
      .argument('<task>', 'the task')
      .argument('<version>', 'its number')
      .requiredOption('--reason <text>', 'why; kept in the audit trail'),
    context,
    async (api, { json, reason }, [task = '', number = '']) => {
      const body = { version: versionNumber(number), reason }
      const answer = await api.post<{ pointers: Pointers }>(`${pathOf(task)}/promote`, body)
      show(context, json, answer, () => championText(task, answer.pointers))
    },
  )
  onServer(
    program
      .command('roll-back')
      .description('go back to the champion before the present one')
      .argument('<task>', 'the task')
      .requiredOption('--reason <text>', 'why; kept in the audit trail')
      .option('--to <version>', 'an earlier champion, instead of the last'),
    context,
    async (api, { json, reason, to }, [task = '']) => {
      const body = { reason, ...(to === undefined ? {} : { version: versionNumber(to) }) }
      const answer = await api.post<{ pointers: Pointers }>(`${pathOf(task)}/roll-back`, body)
      show(context, json, answer, () => championText(task, answer.pointers))
    },
  )
}

const pathOf = (task: string): string => `/v1/tasks/${encodeURIComponent(task)}`

const championText = (task: string, { champion }: Pointers): string =>
  `the champion of ${task} is version ${String(champion)}\n`

function versionNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new CommandError(
    exitCodes.usage,
    'bad-argument',
    `a version is a whole number, and ${JSON.stringify(text)} is not`,
  )
}

const listHead = ['version', 'status', 'parent', 'round', 'devices', 'gate', 'accuracy', 'log loss', 'created']

const listRow = (version: ListedVersion) => [
  version.version,
  version.status,
  version.parent,
  version.roundNumber,
  version.numParticipants,
  version.evaluation?.verdict,
  percent(version.evaluation?.gate?.accuracy),
  decimals(version.evaluation?.gate?.logLoss),
  when(version.createdAt),
]

function versionText(version: ListedVersion): string {
  const { evaluation } = version
  const lineage = fields({
    version: version.version,
    status: version.status,
    parent: version.parent,
    round: version.roundNumber,
    devices: version.numParticipants,
    weights: version.weightsSha256,
    bytes: version.numBytes,
    plan: version.planHash,
    data: version.dataDigest,
    code: version.codeVersion,
    created: when(version.createdAt),
    gate: evaluation === null ? undefined : `${evaluation.verdict}: ${evaluation.reason}`,
    accuracy: percent(evaluation?.gate?.accuracy),
    'log loss': decimals(evaluation?.gate?.logLoss),
  })
  if (evaluation === null) return lineage
  const checks = evaluation.checks.map(({ check, verdict, reason }) => [check, verdict, reason])
  return `${lineage}\n${table(['check', 'verdict', 'reason'], checks)}`
}
