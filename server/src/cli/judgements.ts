import { systemClock } from '@panal/client-core'
import type { Command } from 'commander'
import type { Judging } from '../gate/judge-again.ts'
import type { Judgement } from '../registry/model-version.ts'
import type { ApiClient } from './api-client.ts'
import { CommandError, exitCodes, type CliContext } from './context.ts'
import { fields, show, table, when } from './output.ts'
import { onServer } from './server-command.ts'

interface Found {
  readonly judgements: readonly Judgement[]
  readonly judging: Judging | null
}

/** How often the server is asked how far it is. */
const pollMs = 300

/** `panal version judgements …` and `panal version judge …` */
export function judgementCommands(version: Command, context: CliContext): void {
  onServer(
    version
      .command('judgements')
      .description('every judgement of a version, newest first')
      .argument('<task>', 'the task')
      .argument('<version>', 'its number'),
    context,
    async (api, { json }, [task = '', number = '']) => {
      const found = await api.get<Found>(`${pathOf(task, number)}/judgements`)
      show(context, json, found, () => `${table(head, found.judgements.map(row))}${sayJudging(found.judging)}`)
    },
  )
  onServer(
    version
      .command('judge')
      .description('judge a version that was held once more, by the task’s sets of now')
      .argument('<task>', 'the task')
      .argument('<version>', 'its number'),
    context,
    async (api, { json }, [task = '', number = '']) => {
      const judgement = await judge(api, pathOf(task, number), (text) => context.complain(text))
      show(context, json, judgement, () => judgementText(judgement))
    },
  )
}

/** Begins, tells each check as it is made, and waits for the judgement. @throws CommandError where nothing came of it */
async function judge(api: ApiClient, path: string, tell: (text: string) => void): Promise<Judgement> {
  const clock = systemClock({ setTimeout, clearTimeout })
  const { judgements: earlier } = await api.get<Found>(`${path}/judgements`)
  await api.post(`${path}/judge`)
  let said = ''
  for (;;) {
    const { judgements, judging } = await api.get<Found>(`${path}/judgements`)
    if (judging?.failure !== undefined) {
      const { code, detail } = judging.failure
      throw new CommandError(exitCodes.refused, code, detail)
    }
    const text = sayJudging(judging)
    if (text !== said) tell(text)
    said = text
    const [newest] = judgements
    if (judging === null && newest !== undefined && newest.id !== earlier[0]?.id) return newest
    if (judging === null)
      throw new CommandError(exitCodes.refused, 'draining', 'the server has stopped meanwhile, and nothing came of it')
    await clock.sleep(pollMs)
  }
}

const pathOf = (task: string, version: string): string =>
  `/v1/tasks/${encodeURIComponent(task)}/versions/${encodeURIComponent(version)}`

const head = ['judgement', 'at', 'by', 'verdict', 'outcome', 'gate set', 'reason']

const row = ({ id, at, actor, verdict, outcome, gateSha256, reason }: Judgement) => [
  id,
  when(at),
  actor,
  verdict,
  outcome,
  gateSha256.slice(0, 12),
  reason,
]

function sayJudging(judging: Judging | null): string {
  if (judging === null) return ''
  if (judging.failure !== undefined) return `the last try failed: ${judging.failure.detail}\n`
  const { version, check, numDone, numChecks } = judging
  return `judging version ${version}: ${check === null ? 'reading' : `check ${numDone + 1} of ${numChecks}, ${check}`}\n`
}

const judgementText = ({ version, verdict, outcome, reason, gateSha256, taskId }: Judgement): string =>
  fields({ version, verdict, outcome, reason, 'gate set': gateSha256 }) +
  (outcome === 'waiting' ? `it waits for a second person: panal request list ${taskId}\n` : '')
