import { systemClock } from '@panal/client-core'
import type { Command } from 'commander'
import type { Replay } from '../round/replay.ts'
import { CommandError, exitCodes, type CliContext } from './context.ts'
import { onDataDir } from './data-dir-command.ts'
import { show, table } from './output.ts'

/** `panal round replay` */
export function replayCommand(round: Command, context: CliContext): void {
  onDataDir(
    round
      .command('replay')
      .description('fold the kept updates of a round again, and compare with the version that it made')
      .argument('<task>', 'the task')
      .argument('<round>', 'its number'),
    context,
    async (reader, { json }, [task = '', number = '']) => {
      const { replayRound } = await import('../round/replay.ts')
      const clock = systemClock({ setTimeout, clearTimeout })
      const replay = await replayRound(await reader.task(task), roundNumber(number), { ...reader, clock })
      show(context, json, replay, () => replayText(replay))
      complainOf(replay)
    },
  )
}

function roundNumber(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new CommandError(
    exitCodes.usage,
    'bad-argument',
    `a round is a whole number from 1, and ${JSON.stringify(text)} is not`,
  )
}

function replayText(replay: Replay): string {
  if (!('comparisons' in replay)) return ''
  const rows = replay.comparisons.map(({ what, recorded, replayed }) => [
    what,
    recorded === replayed ? 'same' : 'DIFFERENT',
    recorded,
    recorded === replayed ? '' : replayed,
  ])
  const verdict = replay.verdict === 'same' ? 'is, byte for byte,' : 'is NOT'
  return `${table(['', '', 'recorded', 'replayed'], rows)}version ${replay.version} ${verdict} what its updates make of its base\n`
}

/** @throws CommandError for every verdict but 'same' */
function complainOf(replay: Replay): void {
  if (replay.verdict === 'different')
    throw new CommandError(
      exitCodes.refused,
      'replay-differs',
      'the version is not what its updates make. Its rows, its weights or its base were altered, or another version of Panal made it',
    )
  if (replay.verdict === 'updates-lost')
    throw new CommandError(
      exitCodes.refused,
      'updates-lost',
      'these participants’ updates are not there any more. Only the newest rounds are kept (--kept-rounds, 1 by default); if this is one of them, the disk lost them',
      replay.devices,
    )
  if (replay.verdict === 'no-engine')
    throw new CommandError(
      exitCodes.refused,
      'no-engine',
      `${replay.reason}. That says nothing against version ${replay.version}: replay it on a machine that has this engine`,
    )
  if (replay.verdict === 'no-version')
    throw new CommandError(exitCodes.refused, 'no-version', `no version: ${replay.reason}`)
}
