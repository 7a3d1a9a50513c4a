import { readFile } from 'node:fs/promises'
import type { Pointers, RoundSummary, TaskCard } from '@panal/client-core'
import type { Command } from 'commander'
import { CommandError, exitCodes, type CliContext } from './context.ts'
import { decimals, fields, percent, seconds, show, table, when } from './output.ts'
import { engineText } from './engine-text.ts'
import { inspectCommand, redoCommand } from './inspect.ts'
import { replayCommand } from './replay.ts'
import { onServer } from './server-command.ts'
import { taskSetsCommand } from './task-sets.ts'

interface TaskOverview {
  readonly card: TaskCard
  readonly pointers: Pointers
  readonly round: RoundSummary | null
  readonly numMembers: number
}

/** `panal task …` and `panal round …` */
export function taskCommands(program: Command, context: CliContext): void {
  const task = program.command('task').description('describe, create, list, pause and resume tasks')

  onServer(
    task.command('create').description('create a task from a JSON document').argument('<file>', 'the document'),
    context,
    async (api, { json }, [file = '']) => {
      const answer = await api.post<{ id: string; warnings: string[] }>('/v1/tasks', await readDocument(file))
      for (const warning of answer.warnings) context.complain(`panal: warning: ${warning}\n`)
      show(context, json, answer, () => `created task ${answer.id}\n`)
    },
  )
  onServer(
    task.command('schema').description('print the JSON schema of a task document, for your editor'),
    context,
    async (api) => context.print(`${JSON.stringify(await api.get('/v1/schemas/task'), null, 2)}\n`),
  )
  onServer(task.command('list').description('all tasks'), context, async (api, { json }) => {
    const answer = await api.get<{ tasks: TaskOverview[] }>('/v1/tasks')
    show(context, json, answer, () =>
      table(['task', 'state', 'round', 'devices', 'head', 'champion', 'title'], answer.tasks.map(overviewRow)),
    )
  })
  onServer(
    task.command('show').description('one task').argument('<id>', 'the task'),
    context,
    async (api, { json }, [id = '']) => {
      const answer = await api.get<TaskOverview>(`/v1/tasks/${encodeURIComponent(id)}`)
      show(context, json, answer, () => overviewText(answer))
    },
  )
  for (const verb of ['pause', 'resume'] as const)
    onServer(
      task
        .command(verb)
        .description(verb === 'pause' ? 'open no further rounds' : 'open rounds again')
        .argument('<id>', 'the task'),
      context,
      async (api, { json }, [id = '']) => {
        const answer = await api.post<{ paused: boolean }>(`/v1/tasks/${encodeURIComponent(id)}/${verb}`)
        show(context, json, answer, () => `task ${id} is ${answer.paused ? 'paused' : 'running'}\n`)
      },
    )

  taskSetsCommand(task, context)

  const round = program.command('round').description('look at rounds, and replay them')
  replayCommand(round, context)
  inspectCommand(round, context)
  redoCommand(round, context)
  onServer(
    round
      .command('list')
      .description('rounds of a task, newest first')
      .argument('<task>', 'the task')
      .option('--limit <n>', 'how many', '20'),
    context,
    async (api, { json, limit = '20' }, [id = '']) => {
      const path = `/v1/tasks/${encodeURIComponent(id)}/rounds?limit=${encodeURIComponent(limit)}`
      const answer = await api.get<{ rounds: RoundSummary[] }>(path)
      show(context, json, answer, () => table(roundHead, answer.rounds.map(roundRow)))
    },
  )
}

async function readDocument(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new CommandError(exitCodes.usage, 'file-not-readable', `${file} cannot be read: ${(error as Error).message}`)
  })
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new CommandError(exitCodes.usage, 'not-json', `${file} is not JSON: ${(error as Error).message}`)
  }
}

const stateOf = ({ card, round }: TaskOverview): string =>
  card.paused ? 'paused' : round === null ? 'waiting' : (round.outcome ?? round.phase)

const overviewRow = (overview: TaskOverview) => {
  const { card, pointers, round, numMembers } = overview
  return [card.id, stateOf(overview), round?.number, numMembers, pointers.head, pointers.champion, card.title]
}

const overviewText = (overview: TaskOverview): string => {
  const { card, pointers, round, numMembers } = overview
  return fields({
    task: card.id,
    title: card.title,
    state: stateOf(overview),
    devices: numMembers,
    params: card.numParams,
    cohort: `${card.cohort.size} devices, ${card.cohort.reportingGoal} updates wanted, ${card.cohort.minimum} at least`,
    head: pointers.head,
    champion: pointers.champion,
    anchor: pointers.anchor,
    round: round?.number,
    accepted: round === null ? undefined : `${round.numAccepted} of ${round.numInvited}`,
  })
}

const roundHead = [
  'round',
  'phase',
  'base',
  'candidate',
  'invited',
  'accepted',
  'rejected',
  'dropped',
  'late',
  'collect',
  'aggregate',
  'engine',
  'gate',
  'accuracy',
  'log loss',
  'opened',
]

const roundRow = (round: RoundSummary) => [
  round.number,
  round.outcome ?? round.phase,
  round.baseVersion,
  round.candidateVersion,
  round.numInvited,
  round.numAccepted,
  round.numRejected,
  round.numDropped,
  round.numLate,
  seconds(round.collectMs),
  seconds(round.aggregateMs),
  engineText(round.aggregation),
  seconds(round.gateMs),
  percent(round.accuracy),
  decimals(round.logLoss),
  when(round.openedAt),
]
