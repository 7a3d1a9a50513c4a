import type { Aggregation, Clock, Params } from '@panal/client-core'
import type { UpdateSum } from '../aggregate/exact-sum.ts'
import { resultOfSum } from '../aggregate/linear.ts'
import { haveRoom, lieInPlace } from '../aggregate/with-rows.ts'
import type { Registry } from '../registry/registry.ts'
import type { Task } from '../registry/task.ts'
import type { AggregationContext, Aggregator, UpdateSource } from '../strategy/strategy.ts'
import type { EngineLender } from '../vector/engines.ts'
import { measured } from '../vector/measured.ts'
import { makeWasmEngine } from '../vector/wasm/engine.ts'
import { contextOf } from './aggregation-context.ts'
import type { Likeness } from './likeness.ts'
import type { RoundPorts } from './ports.ts'
import type { Collected } from './update-source.ts'

export interface Candidate {
  readonly params: Params
  readonly optimizerState: Params
  /** [size] What the updates came to, where the next round's rule goes on from it. */
  readonly aggregate?: Params
  /** Whether devices may read the state. */
  readonly sharesState?: boolean
  /** Of each update that counts. */
  readonly likenesses?: readonly Likeness[]
}

/** A candidate, and how the updates came to it. */
export interface MadeCandidate extends Candidate {
  /** [size] What the updates came to. */
  readonly meanDelta: Params
  /** Absent where their sum was given, not they themselves. */
  readonly aggregation?: Aggregation
}

/** What the updates and the base are asked of. */
export interface CandidatePorts extends Pick<RoundPorts, 'updates' | 'engines' | 'rootDelta'> {
  readonly registry: Pick<Registry, 'params' | 'optimizerState' | 'aggregate' | 'earlierNorms'>
  readonly clock: Pick<Clock, 'now'>
}

/**
 * What the updates of a round make of its base. Depends on nothing but what is durable when collection ends, and on the
 * engine, so a round that a crash interrupted and a replay years later give the same bytes [R15] [R19].
 * @throws AggregationError, or the signal's reason
 */
export async function makeCandidate(
  task: Task,
  round: Collected,
  ports: CandidatePorts,
  signal: AbortSignal = never,
): Promise<MadeCandidate> {
  const { registry, updates } = ports
  const { aggregator, optimizer } = task.strategy

  // 3 aggregate: the mean of the clients' deltas, in canonical order
  const counted = updates(round)
  const { context, rootBackend } = await contextOf(task, round, ports, signal)
  const { result, aggregation } =
    'reach' in counted ? { result: ofSum(aggregator, counted) } : await aggregate(aggregator, counted, context, ports)
  const trainedOn = rootBackend()

  // 4 apply: the server optimizer moves the base by it
  const base = await registry.params(task.id, round.baseVersion)
  const state = await registry.optimizerState(task, round.baseVersion)
  const next = optimizer.apply(base, result, state, { numUpdates: counted.count })
  return {
    params: next.params,
    optimizerState: next.state,
    sharesState: optimizer.sharesState === true,
    meanDelta: result.subarray(0, base.length),
    ...(aggregator.usesPrevious === true && { aggregate: result.subarray(0, base.length) }),
    ...(aggregation && {
      aggregation: { ...aggregation, ...(trainedOn !== undefined && { rootBackend: trainedOn }) },
    }),
  }
}

function ofSum(aggregator: Aggregator, sum: UpdateSum): Params {
  if (aggregator.linear === undefined)
    throw new TypeError(`${aggregator.name} needs every update, and was given their sum`)
  return resultOfSum(aggregator.linear, sum)
}

const never = new AbortController().signal

/** On this thread where nobody lends an engine. */
const ownEngine: EngineLender = {
  run: async (work) => ({ value: await work(makeWasmEngine()) }),
  lendsForSums: () => false,
}

async function aggregate(
  aggregator: Aggregator,
  counted: UpdateSource,
  context: Omit<AggregationContext, 'engine'>,
  { clock, engines = ownEngine }: Pick<CandidatePorts, 'clock' | 'engines'>,
): Promise<{ readonly result: Params; readonly aggregation: Aggregation }> {
  if (aggregator.usesEngine === 'if-lent' && !isLent(counted, engines)) {
    const startedAt = clock.now()
    const result = await aggregator.aggregate(counted, context)
    const ms = Math.max(0, clock.now() - startedAt)
    return { result, aggregation: { ...folded, ms, bytes: 4 * counted.count * counted.size } }
  }
  const { value, lost } = await engines.run(async (lent) => {
    const { engine, work } = measured(lent, clock)
    const result = await aggregator.aggregate(counted, { ...context, engine })
    const { name, device } = engine
    return { result, aggregation: { engine: name, device, ms: Math.round(work.ms), bytes: work.bytes } }
  })
  return { ...value, aggregation: { ...value.aggregation, ...(lost !== undefined && { lost }) } }
}

/** Whether rules that only add are lent an engine for these updates: it reads them where they lie, or they have room. */
function isLent(updates: UpdateSource, engines: EngineLender): boolean {
  const numBytes = 4 * updates.count * updates.size
  const sums = { numBytes, lieInPlace: lieInPlace(updates) }
  return (sums.lieInPlace || haveRoom(updates)) && engines.lendsForSums(sums)
}

/** What a rule without an engine runs on, wherever it runs. */
export const folded = { engine: 'fold', device: 'processor, float64 sums' } as const
