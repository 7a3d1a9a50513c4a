import type { Clock, DeviceId } from '@panal/client-core'
import type { CompleteExperiment } from '../experiment/complete.ts'
import type { RoundRow } from '../experiment/round-row.ts'
import type { RunEvents } from '../experiment/run-experiment.ts'
import { describeRule } from '../show/describe-rule.ts'
import type { RunScreen } from '../show/run-screen.ts'

/** Rounds whose time says how long the next ones will take. */
const numRecent = 20
/** Rows that a screen can have use for. */
const numKept = 50

/** Redrawn at most so often while devices train: a thousand of them may take a second. */
const redrawMs = 100

/** Shows a run on a screen as it goes on. */
export function runProgress(experiment: CompleteExperiment, screen: RunScreen, clock: Clock): RunEvents {
  const { rounds, target } = experiment
  const rows: RoundRow[] = []
  const trained = new Set<DeviceId>()
  let shownAt = -Infinity
  const show = () =>
    screen.show({
      rows: rows.slice(-numKept),
      numRounds: rounds,
      numTrained: trained.size,
      roundMs: roundMs(rows),
      target: inWords(target),
    })
  return {
    onNote: (line) => screen.say(line),
    onResumed(found) {
      screen.say(describeRule(experiment))
      if (found.length === 0) return
      rows.push(...found.slice(-numKept))
      screen.say(
        found.length >= rounds ? `All ${found.length} rounds are there:` : `Going on after round ${found.length}:`,
      )
    },
    onDevice(_round, deviceId) {
      trained.add(deviceId)
      if (clock.now() < shownAt + redrawMs) return
      shownAt = clock.now()
      show()
    },
    onRound(row) {
      rows.push(row)
      if (rows.length > 2 * numKept) rows.splice(0, rows.length - numKept)
      trained.clear()
      show()
    },
  }
}

function roundMs(rows: readonly RoundRow[]): number | undefined {
  const recent = rows.slice(-numRecent - 1)
  const [first, last] = [recent[0], recent.at(-1)]
  if (first === undefined || last === undefined) return undefined
  // of a single round all that is known is when it ended: the start of the program is in it
  return recent.length === 1 ? last.wallMs / last.round : (last.wallMs - first.wallMs) / (recent.length - 1)
}

function inWords(target: CompleteExperiment['target']): string | undefined {
  if (target === undefined) return undefined
  const { accuracy, loss } = target
  return [
    ...(accuracy === undefined ? [] : [`accuracy ${accuracy}`]),
    ...(loss === undefined ? [] : [`loss ${loss}`]),
  ].join(' and ')
}
