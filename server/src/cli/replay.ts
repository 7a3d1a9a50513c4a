import { systemClock } from '@panal/client-core'
import type { Command } from 'commander'
import type { ReplayWithout } from '../round/replay-without.ts'
import type { Replay } from '../round/replay.ts'
import { CommandError, exitCodes, type CliContext } from './context.ts'
import { onDataDir } from './data-dir-command.ts'
import { deviceList } from './devices.ts'
import { fields, show, table } from './output.ts'

/** `panal round replay` */
export function replayCommand(round: Command, context: CliContext): void {
  onDataDir(
    round
      .command('replay')
      .description('fold the kept updates of a round again, and compare with the version that it made')
      .argument('<task>', 'the task')
      .argument('<round>', 'its number')
      .option('--without <devices>', 'what it would have come to without these, separated by commas'),
    context,
    async (reader, { json, without }, [task = '', number = '']) => {
      const { replayRound } = await import('../round/replay.ts')
      const clock = systemClock({ setTimeout, clearTimeout })
      const { makeEvaluator } = await import('../gate/evaluator.ts')
      const rootTrainer = makeEvaluator({ readBlob: (sha256) => reader.blobs.read(sha256) })
      const ports = { ...reader, clock, rootTrainer }
      try {
        if (without !== undefined) {
          const { replayWithout } = await import('../round/replay-without.ts')
          const devices = deviceList(without)
          const replay = await replayWithout(await reader.task(task), roundNumber(number), devices, ports)
          if (replay.verdict !== 'replayed')
            throw new CommandError(exitCodes.refused, replay.verdict, replay.reason, replay.devices)
          const { candidate: _, ...found } = replay
          show(context, json, found, () => withoutText(found))
          return
        }
        const replay = await replayRound(await reader.task(task), roundNumber(number), ports)
        show(context, json, replay, () => replayText(replay))
        complainOf(replay)
      } finally {
        await rootTrainer.close()
      }
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

function withoutText({ version, without, participants, steps }: Omit<Replayed, 'candidate'>): string {
  const counts = `${without.length} of ${without.length + participants.length} updates left out, ${participants.length} averaged\n`
  if (steps === null) return `${counts}the round made no version to compare with\n`
  const { norm, otherNorm, distance, cosine } = steps
  return `${counts}${fields({
    'step of the recorded version': `${digits(otherNorm)} (version ${String(version)})`,
    'step without them': digits(norm),
    'distance between the two': `${digits(distance)}, ${digits(distance / otherNorm)} of the recorded step`,
    'cosine of the two': cosine === null ? undefined : cosine.toFixed(6),
  })}`
}

type Replayed = Extract<ReplayWithout, { verdict: 'replayed' }>

const digits = (value: number): string => value.toPrecision(4)

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
      'these participants’ updates are not there any more. Only the newest rounds are kept: pause the task before its next round closes, or keep more (--kept-rounds, 1 by default). If this round is one of them, the disk lost them',
      replay.devices,
    )
  if (replay.verdict === 'no-engine')
    throw new CommandError(
      exitCodes.refused,
      'no-engine',
      `${replay.reason}. That says nothing against version ${replay.version}: replay it on a machine that has what the round ran on`,
    )
  if (replay.verdict === 'root-lost')
    throw new CommandError(
      exitCodes.refused,
      'root-lost',
      `${replay.reason}. That says nothing against version ${replay.version}`,
    )
  if (replay.verdict === 'no-version')
    throw new CommandError(exitCodes.refused, 'no-version', `no version: ${replay.reason}`)
}
