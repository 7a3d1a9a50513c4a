import { makeRng, type DeviceId, type Layout, type Params } from '@panal/client-core'
import {
  addUpdate,
  AggregationError,
  learningRateOf,
  type LinearRule,
  type UpdateSum,
  type WeightedUpdate,
} from '@panal/server'
import { arrivals } from '../executor/arrival.ts'
import {
  ExecutorError,
  type CohortResult,
  type CohortUpdates,
  type DeviceOutcome,
  type DeviceWork,
  type Executor,
} from '../executor/executor.ts'
import type { LocalTask } from '../executor/messages.ts'
import { labelsOf, type Attack } from './attack.ts'

export interface AdversarialOptions {
  readonly attack: Attack
  readonly isAdversary: (deviceId: DeviceId) => boolean
  readonly task: Pick<LocalTask, 'plan' | 'strategy'>
  readonly layout: Layout
  readonly numClasses: number
  /** By which the devices' executor sums updates, if it does. */
  readonly rule?: LinearRule
  /** Of all chance of the adversaries. */
  readonly seed: string
}

/** What a round has come to in earlier pieces of its work. */
interface SoFar {
  readonly round: number
  /** Where the attack sees them. */
  readonly honest: WeightedUpdate[]
  numHonest: number
  /** Whose updates count. */
  numAdversaries: number
  /** Whose updates were forged, whether they count or not. */
  numForged: number
}

/**
 * Devices of which some are adversaries. All train where they trained before; what adversaries send for it is chosen when the
 * others are done, in one place and in the order of device ids, and goes through the server's checks as any update: the same
 * bytes whatever the number of workers. Where updates are refused and others asked for, the adversaries among those know what
 * counted before.
 */
export function adversarialExecutor(devices: Executor, options: AdversarialOptions): Executor {
  const { attack, isAdversary, task, layout, numClasses, rule, seed } = options
  const arrive = arrivals(task, layout)
  const { learningRate = 1, ...rate } = task.strategy.serverOptimizer as Partial<Parameters<typeof learningRateOf>[0]>
  const labels = labelsOf(attack, numClasses)
  let soFar = nothingOf(NaN)

  /** Its own model goes unmeasured: what devices get out of theirs is told of honest ones. */
  const asAdversary = ({ personal, ...device }: DeviceWork): DeviceWork => ({
    ...device,
    ...(personal !== undefined && { personal: { ...personal, isMeasured: false } }),
    ...(labels !== undefined && { labels }),
    ...(attack.forge !== undefined && { withheld: true }),
  })

  /** What the adversaries of this piece of work send, by device id. */
  function forge({ withheld, updates }: CohortResult): Map<DeviceId, Params> {
    if (attack.seesHonest && !('reach' in updates)) soFar.honest.push(...updates)
    soFar.numHonest += 'reach' in updates ? updates.count : updates.length
    const own = [...withheld].sort(byId)
    if (own.length === 0 || attack.forge === undefined) return new Map()
    const numSent = soFar.numAdversaries
    const n = soFar.numHonest + numSent + own.length
    const sent = attack.forge({
      own: own.map(([, trained]) => trained),
      honest: soFar.honest
        .map(({ deviceId, delta }) => [deviceId, delta] as const)
        .sort(byId)
        .map(([, delta]) => delta),
      n,
      f: numSent + own.length,
      serverLearningRate: learningRateOf({ learningRate, ...rate }, n),
      rng: makeRng(`${seed}/${soFar.round}/${soFar.numForged}`),
    })
    soFar.numForged += own.length
    return new Map(own.map(([deviceId], i) => [deviceId, sent[i]!]))
  }

  return {
    ...devices,
    async run(work, signal, onDone) {
      if (soFar.round !== work.round) soFar = nothingOf(work.round)
      const given = work.devices.map((device) => (isAdversary(device.deviceId) ? asAdversary(device) : device))
      const trained = await devices.run({ ...work, devices: given }, signal, onDone)
      const sent = forge(trained)
      const updates = addTo(trained.updates, rule)
      const outcomes = trained.outcomes.map((outcome): DeviceOutcome => {
        const forged = sent.get(outcome.deviceId)
        if (forged === undefined) return outcome
        const { delta, outcome: judged } = arrive(forged, outcome.numExamples)
        const arrived = { ...outcome, ...judged }
        if (arrived.verdict === 'accepted') {
          updates.add(arrived, delta)
          soFar.numAdversaries += 1
        }
        return arrived
      })
      const refused = new Set(outcomes.flatMap(({ deviceId, verdict }) => (verdict === 'accepted' ? [] : [deviceId])))
      return {
        outcomes,
        updates: updates.all(),
        kept: new Set([...trained.kept].filter((deviceId) => !refused.has(deviceId))),
        withheld: new Map(),
        personal: trained.personal,
      }
    },
  }
}

const nothingOf = (round: number): SoFar => ({ round, honest: [], numHonest: 0, numAdversaries: 0, numForged: 0 })

const byId = ([a]: readonly [DeviceId, Params], [b]: readonly [DeviceId, Params]): number => (a < b ? -1 : 1)

/** Updates that came as a sum, or one by one, and more of them. */
function addTo(updates: CohortUpdates, rule: LinearRule | undefined) {
  const more: WeightedUpdate[] = []
  return {
    add({ deviceId, weight, effectiveSteps, norm, lossBefore, discount }: DeviceOutcome, delta: Params): void {
      const facts = { weight, effectiveSteps, norm, lossBefore, ...(discount !== undefined && { discount }) }
      if (!('reach' in updates)) more.push({ deviceId, delta: delta.slice(), ...facts })
      else addOrSay(updates, delta, rule!.summand(facts))
    },
    all: (): CohortUpdates => ('reach' in updates ? updates : [...updates, ...more]),
  }
}

/** @throws ExecutorError 'out-of-range' */
function addOrSay(sum: UpdateSum, delta: Params, summand: ReturnType<LinearRule['summand']>): void {
  try {
    addUpdate(sum, delta, summand)
  } catch (error) {
    if (!(error instanceof AggregationError && error.code === 'out-of-range')) throw error
    throw new ExecutorError(error.code, error.message, { cause: error })
  }
}
