import type { Command } from 'commander'
import type { RoundInspection } from '../http/inspection.ts'
import type { CliContext } from './context.ts'
import { engineText } from './engine-text.ts'
import { deviceList } from './devices.ts'
import { countOf, decimals, fields, megabytes, seconds, show, table } from './output.ts'
import { onServer } from './server-command.ts'

/** `panal round inspect` */
export function inspectCommand(round: Command, context: CliContext): void {
  onServer(
    round
      .command('inspect')
      .description('what each device sent in a round, the most suspicious first')
      .argument('<task>', 'the task')
      .argument('<round>', 'its number'),
    context,
    async (api, { json }, [task = '', number = '']) => {
      const path = `/v1/tasks/${encodeURIComponent(task)}/rounds/${encodeURIComponent(number)}/inspection`
      const answer = await api.get<RoundInspection>(path)
      show(context, json, answer, () => inspectionText(answer))
    },
  )
}

/** `panal round redo` */
export function redoCommand(round: Command, context: CliContext): void {
  onServer(
    round
      .command('redo')
      .description('keep what a round would have come to without some devices as a version, and have the gate judge it')
      .argument('<task>', 'the task')
      .argument('<round>', 'its number')
      .requiredOption('--without <devices>', 'those that are left out, separated by commas')
      .requiredOption('--reason <text>', 'why; kept in the audit trail'),
    context,
    async (api, { json, without = '', reason }, [task = '', number = '']) => {
      const path = `/v1/tasks/${encodeURIComponent(task)}/rounds/${encodeURIComponent(number)}/replay`
      const devices = deviceList(without)
      const answer = await api.post<{ version: number }>(path, { without: devices, reason })
      show(
        context,
        json,
        answer,
        () =>
          `version ${answer.version} is round ${number} without ${countOf(devices.length, 'device')}; the gate judges it now: panal version judgements ${task} ${answer.version}\n`,
      )
    },
  )
}

const head = ['device', 'suspicion', 'weight', 'norm', 'cosine', 'distance', 'rank', 'verdict']

function inspectionText({ round, updates }: RoundInspection): string {
  const { aggregation } = round
  const about = fields({
    round: `${round.number}, ${round.outcome ?? round.phase}`,
    base: round.baseVersion,
    candidate: round.candidateVersion,
    engine: engineText(aggregation),
    device: aggregation?.device,
    'root set': aggregation?.rootBackend,
    aggregated:
      aggregation && `${seconds(aggregation.ms)}, ${megabytes(aggregation.bytes)} of updates read, as float32`,
  })
  const rows = updates.map((each) => [
    each.deviceId,
    decimals(each.suspicion ?? undefined, 1),
    each.weight,
    each.norm.toPrecision(4),
    decimals(each.cosine ?? undefined),
    each.distance?.toPrecision(4),
    each.distanceRank,
    each.isQuarantined ? `${each.verdict}, in quarantine` : each.verdict,
  ])
  return `${about}\n${table(head, rows)}`
}
