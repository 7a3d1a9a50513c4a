import { PanalError, type Aggregation, type Clock, type DeviceId, type Params } from '@panal/client-core'
import type { RootTrainer } from '../gate/contract.ts'
import type { ModelVersion } from '../registry/model-version.ts'
import type { Registry } from '../registry/registry.ts'
import type { Task } from '../registry/task.ts'
import { dataDigest } from '../registry/updates.ts'
import { sha256Of } from '../store/blob-files.ts'
import { paramsToBytes } from '../store/params-bytes.ts'
import { AggregationError } from '../strategy/strategy.ts'
import type { EngineLender } from '../vector/engines.ts'
import { VectorError, type VectorEngine } from '../vector/engine.ts'
import { vectorEngines, type OpenEngine } from '../vector/registry.ts'
import { folded, makeCandidate, type MadeCandidate } from './candidate.ts'
import type { UpdateLog } from './ports.ts'
import { rootDeltaOf, RootLostError } from './root-delta.ts'
import type { Spool } from './spool.ts'
import type { Round } from './state.ts'
import { readUpdate } from './received-update.ts'
import { countedUpdates, spooledUpdates, type Collected } from './update-source.ts'

/** One digest that the version has, beside the one that the replay comes to; null where there is none. */
export interface Comparison {
  readonly what: 'updates' | 'weights' | 'optimizer' | 'aggregate'
  readonly recorded: string | null
  readonly replayed: string | null
}

export type Replay =
  | { readonly verdict: 'same' | 'different'; readonly version: number; readonly comparisons: readonly Comparison[] }
  /** Updates of these devices are gone (no longer kept) or damaged: there is nothing to fold. */
  | { readonly verdict: 'updates-lost'; readonly version: number | null; readonly devices: readonly DeviceId[] }
  /**
   * The engine that the round was aggregated on is not here, or only on another device, or its root set was trained on by
   * another backend, so that the bytes are others: nothing is shown, for or against the version.
   */
  | { readonly verdict: 'no-engine'; readonly version: number; readonly reason: string }
  /** The root set that the round's rule trains on is gone or damaged. */
  | { readonly verdict: 'root-lost'; readonly version: number; readonly reason: string }
  /** The round has not come to a version: not yet, or it was abandoned. */
  | { readonly verdict: 'no-version'; readonly reason: string }

export interface ReplayPorts {
  readonly registry: Registry
  readonly log: UpdateLog
  readonly spool: Spool
  readonly clock: Pick<Clock, 'now'>
  /** Of a task whose rule uses a root set. */
  readonly rootTrainer?: RootTrainer
  /** Those of the registry, where it is left out. */
  readonly open?: Readonly<Record<string, OpenEngine>>
  /** See `UpdateSource`; no bound where it is left out: there is no server to spare memory for. */
  readonly maxHeldBytes?: number
}

/**
 * Folds the kept updates of a round once more, by the code that a live round runs, and compares the digests with those
 * of the version that the round made [R19]. On the engine that its record names: another rounds otherwise. Reads only.
 * @throws PanalError 'unknown-round'
 */
export async function replayRound(task: Task, roundNumber: number, ports: ReplayPorts): Promise<Replay> {
  const round = ports.registry.round(task.id, roundNumber)
  if (round === undefined) throw new PanalError('unknown-round', `the task has no round ${roundNumber}`)
  if (round.phase === 'collecting') return { verdict: 'no-version', reason: 'the round is still collecting' }
  const version = round.phase === 'aggregating' ? null : (round.candidateVersion ?? null)
  const devices = await lostUpdates(task, round, ports)
  if (devices.length > 0) return { verdict: 'updates-lost', version, devices }
  if (version === null) return { verdict: 'no-version', reason: reasonOf(round) }

  const made = ports.registry.version(task.id, version)
  const again = await foldedAgain(task, round, ports)
  if ('reason' in again) return { ...again, version }
  const { params, optimizerState, aggregate } = again.candidate
  const comparisons: Comparison[] = [
    { what: 'updates', recorded: made.dataDigest, replayed: dataDigest(countedUpdates(ports.log, round)) },
    { what: 'weights', recorded: made.weightsSha256, replayed: sha256Of(paramsToBytes(params)) },
    {
      what: 'optimizer',
      recorded: made.optimizerSha256,
      replayed: optimizerState.length === 0 ? null : sha256Of(paramsToBytes(optimizerState)),
    },
    ...aggregates(made, aggregate),
  ]
  const differing = comparisons.filter(({ recorded, replayed }) => recorded !== replayed)
  const isOnlyRounded = !differing.some(({ what }) => what === 'updates')
  if (differing.length > 0 && isOnlyRounded && again.elsewhere !== undefined)
    return { verdict: 'no-engine', version, reason: again.elsewhere }
  return { verdict: differing.length === 0 ? 'same' : 'different', version, comparisons }
}

type FoldedAgain =
  | {
      readonly candidate: MadeCandidate
      /** How the device or the root set's backend here is another than that of the round. */
      readonly elsewhere?: string
    }
  | { readonly verdict: 'no-engine' | 'root-lost'; readonly reason: string }

/** Of rules that go on from it; versions of before it was kept have none to compare. */
const aggregates = ({ aggregateSha256: recorded }: ModelVersion, aggregate: Params | undefined): Comparison[] =>
  aggregate === undefined || recorded === null
    ? []
    : [{ what: 'aggregate', recorded, replayed: sha256Of(paramsToBytes(aggregate)) }]

/** @throws AggregationError */
export async function foldedAgain(task: Task, round: Collected, ports: ReplayPorts): Promise<FoldedAgain> {
  const recorded = ports.registry.roundSummary(task.id, round.number)?.aggregation
  const { engine: name, device } = recorded ?? (task.strategy.aggregator.usesEngine === 'always' ? unrecorded : folded)
  const make = (engines: EngineLender) =>
    makeCandidate(task, round, {
      ...ports,
      engines,
      ...(ports.rootTrainer && {
        rootDelta: rootDeltaOf(task, { registry: ports.registry, trainer: ports.rootTrainer }),
      }),
      updates: spooledUpdates(task, { maxHeldBytes: Infinity, ...ports }),
    })
  let engine: VectorEngine | undefined
  try {
    engine = await openRecorded(name, ports)
    const opened = engine
    const candidate = await make({
      run: async (work) => ({ value: await work(opened) }),
      lendsForSums: () => name !== folded.engine,
    })
    const others = [
      ...(name === folded.engine || opened.device === device
        ? []
        : [`the round was aggregated by ${name} on ${device}; here it is ${opened.device}, which rounds otherwise`]),
      ...otherRoot(recorded, candidate.aggregation),
    ]
    return { candidate, ...(others.length > 0 && { elsewhere: others.join('; ') }) }
  } catch (error) {
    if (error instanceof RootLostError) return { verdict: 'root-lost', reason: error.message }
    if (!(error instanceof VectorError) || (error.code !== 'no-device' && error.code !== 'device-lost')) throw error
    const reason = `the round was aggregated by ${name} on ${device}, which does not run here: ${error.message}`
    return { verdict: 'no-engine', reason }
  } finally {
    engine?.close()
  }
}

/** Nothing of rounds of before it was recorded. */
function otherRoot(recorded: Aggregation | undefined, here: Aggregation | undefined): string[] {
  const [then, now] = [recorded?.rootBackend, here?.rootBackend]
  if (then === undefined || now === undefined || then === now) return []
  return [`the round's root set was trained on by ${then}; here it is ${now}, which rounds otherwise`]
}

/** Rounds of before there was a record: that engine then added distances up in other parts. */
const unrecorded: Pick<Aggregation, 'engine' | 'device'> = { engine: 'wasm', device: 'an earlier make' }

/** For a fold any engine does: it is not asked. @throws VectorError 'no-device' */
async function openRecorded(name: string, { open = vectorEngines }: ReplayPorts): Promise<VectorEngine> {
  const opener = open[name === folded.engine ? 'wasm' : name]
  if (opener === undefined) throw new VectorError('no-device', `this version of Panal has no engine ${name}`)
  return opener()
}

const reasonOf = (round: Round): string => (round.phase === 'closed' ? round.reason : `the round is ${round.phase}`)

/** Participants whose update has no row, no file, or other bytes than its receipt says. */
export async function lostUpdates(
  task: Task,
  { participants, taskId, number }: Collected,
  { log, spool }: ReplayPorts,
): Promise<DeviceId[]> {
  const scratch = Buffer.allocUnsafeSlow(task.codec.maxBytes(task.layout))
  const lost: DeviceId[] = []
  for (const deviceId of participants)
    try {
      const [row] = countedUpdates(log, { taskId, number, participants: [deviceId] })
      if (row !== undefined) await readUpdate(spool.update(row), row.sha256, scratch)
    } catch (error) {
      if (!(error instanceof AggregationError)) throw error
      lost.push(deviceId)
    }
  return lost
}
