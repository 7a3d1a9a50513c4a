import type { Pointers } from '@panal/client-core'
import type { Command } from 'commander'
import type { MoveRequest } from '../approval/move-requests.ts'
import { CommandError, exitCodes, type CliContext } from './context.ts'
import { show, table, when } from './output.ts'
import { onServer } from './server-command.ts'

interface Moved {
  readonly pointers?: Pointers
  readonly request?: MoveRequest
}

/** `promote` and `roll-back`: of `panal` itself, and of `panal version`. */
export function moveCommands(parent: Command, context: CliContext): void {
  onServer(
    parent
      .command('promote')
      .description('make a version the champion')
      .argument('<task>', 'the task')
      .argument('<version>', 'its number')
      .requiredOption('--reason <text>', 'why, in your words (required); kept in the audit trail')
      .option('--against-gate', 'although the gate rejected it'),
    context,
    async (api, { json, reason, againstGate }, [task = '', number = '']) => {
      const against = againstGate === true ? { againstGate } : {}
      const body = { version: wholeNumber(number, 'a version'), reason, ...against }
      const answer = await api.post<Moved>(`${pathOf(task)}/promote`, body)
      show(context, json, answer, () => movedText(task, answer))
    },
  )
  onServer(
    parent
      .command('roll-back')
      .alias('rollback')
      .description('go back to the champion before the present one')
      .argument('<task>', 'the task')
      .requiredOption('--reason <text>', 'why, in your words (required); kept in the audit trail')
      .option('--to <version>', 'an earlier champion, instead of the last')
      .option('--emergency', 'at once, without a second person; for owners, and audited as such'),
    context,
    async (api, { json, reason, to, emergency }, [task = '']) => {
      const version = to === undefined ? {} : { version: wholeNumber(to, 'a version') }
      const now = emergency === true ? { emergency } : {}
      const answer = await api.post<Moved>(`${pathOf(task)}/roll-back`, { reason, ...version, ...now })
      show(context, json, answer, () => movedText(task, answer))
    },
  )
}

/** `panal promote`, `panal roll-back`, and `panal request …` for the two-person rule. */
export function championCommands(program: Command, context: CliContext): void {
  moveCommands(program, context)
  const request = program.command('request').description('moves of a champion that wait for a second person')
  onServer(
    request.command('list').description('newest first').argument('<task>', 'the task'),
    context,
    async (api, { json }, [task = '']) => {
      const answer = await api.get<{ requests: MoveRequest[] }>(`${pathOf(task)}/requests`)
      show(context, json, answer, () => table(requestHead, answer.requests.map(requestRow)))
    },
  )
  for (const verb of ['approve', 'refuse'] as const)
    onServer(
      request
        .command(verb)
        .description(verb === 'approve' ? 'the champion moves at once' : 'also one’s own, to take it back')
        .argument('<task>', 'the task')
        .argument('<request>', 'its number'),
      context,
      async (api, { json }, [task = '', number = '']) => {
        const path = `${pathOf(task)}/requests/${wholeNumber(number, 'a request')}/${verb}`
        const answer = await api.post<Moved>(path)
        show(context, json, answer, () =>
          verb === 'approve' ? movedText(task, { ...answer, request: undefined }) : `request ${number} is refused\n`,
        )
      },
    )
}

const pathOf = (task: string): string => `/v1/tasks/${encodeURIComponent(task)}`

function movedText(
  task: string,
  { pointers, request }: { pointers?: Pointers; request?: MoveRequest | undefined },
): string {
  if (request !== undefined)
    return `request ${request.id} waits for a second person: panal request approve ${task} ${request.id}\n`
  const initial = pointers?.champion === 0 ? 'These are the initial weights, which no gate has judged.\n' : ''
  return `the champion of ${task} is version ${String(pointers?.champion)}\n${initial}Unless the task is paused, rounds go on, and the gate may promote again after any of them: panal task pause ${task} stops them.\n`
}

function wholeNumber(text: string, what: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new CommandError(
    exitCodes.usage,
    'bad-argument',
    `${what} is a whole number, and ${JSON.stringify(text)} is not`,
  )
}

const requestHead = ['request', 'state', 'move', 'version', 'asked by', 'asked', 'until', 'decided by', 'reason']

const requestRow = (request: MoveRequest) => [
  request.id,
  request.state,
  request.againstGate ? `${request.move} against the gate` : request.move,
  request.version,
  request.askedBy,
  when(request.askedAt),
  when(request.expiresAt),
  request.decidedBy,
  request.reason,
]
