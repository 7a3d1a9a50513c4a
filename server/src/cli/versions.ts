import { checkName, sayCalibrator } from '@panal/client-core'
import type { Command } from 'commander'
import type { ModelVersion } from '../registry/model-version.ts'
import { moveCommands } from './champion.ts'
import type { CliContext } from './context.ts'
import { judgementCommands } from './judgements.ts'
import { countOf, decimals, fields, percent, show, table, when } from './output.ts'
import { onServer } from './server-command.ts'
import { reportCommands } from './version-report.ts'

type ListedVersion = Omit<ModelVersion, 'participants' | 'replayOf'> & {
  readonly replayOf: { readonly roundNumber: number; readonly numWithout: number } | null
  readonly numParticipants: number
  readonly participants?: ModelVersion['participants']
}

/** `panal version …`, or `panal model …` */
export function versionCommands(program: Command, context: CliContext): void {
  const version = program.command('version').alias('model').description('look at, judge and move model versions')

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
      show(context, json, answer, () => listText(answer.versions, limit))
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
  reportCommands(version, context)
  judgementCommands(version, context)
  moveCommands(version, context)
}

const replayText = (replayOf: ListedVersion['replayOf']): string | undefined =>
  replayOf === null ? undefined : `round ${replayOf.roundNumber} without ${countOf(replayOf.numWithout, 'device')}`

const pathOf = (task: string): string => `/v1/tasks/${encodeURIComponent(task)}`

/** The server's own. */
const maxListed = 1000

/** Versions are numbered from 0: where the last one listed is another, there are older ones. */
function listText(versions: readonly ListedVersion[], limit: string): string {
  const oldest = versions.at(-1)?.version ?? 0
  const more = oldest > 0 ? `${oldest} older: --limit ${Math.min(Number(limit) + oldest, maxListed)} lists more\n` : ''
  return `${table(listHead, versions.map(listRow))}${more}`
}

const listHead = ['version', 'status', 'parent', 'round', 'devices', 'gate', 'accuracy', 'log loss', 'created']

const listRow = (version: ListedVersion) => [
  version.version,
  version.status,
  version.parent,
  version.roundNumber,
  version.numParticipants,
  version.evaluation?.verdict,
  percent(version.evaluation?.evaluation?.accuracy),
  decimals(version.evaluation?.evaluation?.logLoss),
  when(version.createdAt),
]

function versionText(version: ListedVersion): string {
  const { evaluation } = version
  const lineage = fields({
    version: version.version,
    status: version.status,
    parent: version.parent,
    round: version.roundNumber,
    'replay of': replayText(version.replayOf),
    devices: version.numParticipants,
    weights: version.weightsSha256,
    calibrator: version.calibrator === null ? undefined : sayCalibrator(version.calibrator),
    served: version.servedSha256 ?? undefined,
    bytes: version.numBytes,
    plan: version.planHash,
    data: version.dataDigest,
    code: version.codeVersion,
    created: when(version.createdAt),
    gate: evaluation === null ? undefined : `${evaluation.verdict}: ${evaluation.reason}`,
    accuracy: percent(evaluation?.evaluation?.accuracy),
    'log loss': decimals(evaluation?.evaluation?.logLoss),
  })
  if (evaluation === null) return lineage
  const checks = evaluation.checks.map((check) => [checkName(check), check.verdict, check.reason])
  return `${lineage}\n${table(['check', 'verdict', 'reason'], checks)}`
}
