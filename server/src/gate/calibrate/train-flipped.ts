import {
  l2Norm,
  makeRng,
  shuffle,
  subset,
  tfjsTrainer,
  uniformInt,
  type Dataset,
  type Params,
  type Rng,
  type Trainer,
} from '@panal/client-core'
import type { Task } from '../../registry/task.ts'
import type { UpdateSource, WeightedUpdate } from '../../strategy/strategy.ts'
import { chooseBackend } from '../tfjs-backend.ts'

/** A round of the task in which one client's labels were wrong. */
export interface FlippedRound {
  /** Share of that client's labels. */
  readonly share: number
  readonly params: Params
  /** Why the task's own checks refused that client's update, which then counted for nothing. */
  readonly refused?: string
}

export interface FlippedParts {
  readonly task: Task
  readonly base: Params
  /** State of the server's optimizer at `base`. */
  readonly optimizerState: Params
  /** What the updates came to that made `base`; null where that was not kept. */
  readonly previous?: Params | null
  /** Norms of what counted in the rounds up to `base`, for a rule that looks at them. */
  readonly earlierNorms?: readonly number[]
  /** Of a task whose rule uses one. */
  readonly root?: Dataset
  /** Examples that judge nothing: clients get equal parts of them. */
  readonly dataset: Dataset
  readonly signal: AbortSignal
}

export const numClients = 10
const shares = [0, 0.5, 1] as const

/**
 * One round from `base` for each share: ten clients train by the task's plan, of the last a share of labels is another
 * class at random, and the task's checks, aggregator and optimizer make a model of what they send. Chance is of the task's
 * seed; none but that client's labels differ between shares. @throws the signal's reason when it aborts
 */
export async function trainFlipped({
  task,
  base,
  optimizerState,
  previous = null,
  earlierNorms = [],
  root,
  dataset,
  signal,
}: FlippedParts): Promise<FlippedRound[]> {
  await chooseBackend()
  const { data, loss, seed } = task.document
  const trainer = await tfjsTrainer(task.topology, data, loss)
  const rng = makeRng(`flipped labels/${seed}`)
  const parts = inParts(dataset, rng.fork('parts'))
  const train = (of: Dataset, client: number) => trainClient(trainer, task, { base, of, rng, client, signal })
  const honest: SentUpdate[] = []
  for (const [client, of] of parts.slice(0, -1).entries()) honest.push(await train(of, client))
  const own = root && (await trainer.train(base, task.document.plan, root, rng.fork('root'), signal)).delta
  const context = { previous, earlierNorms, ...(own && { rootDelta: async () => own }) }
  const rounds: FlippedRound[] = []
  for (const share of shares) {
    const last = numClients - 1
    const labels = flipped(parts[last]!.y, { share, numClasses: data.classes.length, rng: rng.fork('labels') })
    const update = await train({ ...parts[last]!, y: labels }, last)
    const refused = refusalOf(task, update)
    const counted = [...honest, update].filter((each) => refusalOf(task, each) === undefined)
    const { aggregator, optimizer } = task.strategy
    const meanDelta = await aggregator.aggregate(sourceOf(counted, base.length), context)
    const { params } = optimizer.apply(base, meanDelta, optimizerState, { numUpdates: counted.length })
    rounds.push({ share, params, ...(refused !== undefined && { refused }) })
  }
  return rounds
}

/** Equal parts, at random; of a remainder the first have one more each. */
function inParts(dataset: Dataset, rng: Rng): Dataset[] {
  const order = shuffle(
    Int32Array.from({ length: dataset.numExamples }, (_, row) => row),
    rng,
  )
  return Array.from({ length: numClients }, (_, client) =>
    subset(
      dataset,
      order.filter((_, place) => place % numClients === client),
    ),
  )
}

/** The first `share` of the labels, which are in random order, each another class. */
function flipped(
  labels: Int32Array,
  { share, numClasses, rng }: { share: number; numClasses: number; rng: Rng },
): Int32Array {
  return labels.map((label, place) => {
    const other = (label + 1 + uniformInt(rng, numClasses - 1)) % numClasses
    return place < share * labels.length ? other : label
  })
}

type SentUpdate = WeightedUpdate & { readonly numExamples: number }

interface ClientWork {
  readonly base: Params
  readonly of: Dataset
  readonly rng: Rng
  readonly client: number
  readonly signal: AbortSignal
}

async function trainClient(
  trainer: Trainer,
  { document, strategy }: Task,
  { base, of, rng, client, signal }: ClientWork,
): Promise<SentUpdate> {
  const deviceId = `d_${client}`
  const { delta, numExamples, lossBefore } = await trainer.train(base, document.plan, of, rng.fork(deviceId), signal)
  const [weight, effectiveSteps] = [strategy.weight(numExamples), strategy.effectiveSteps(numExamples)]
  return { deviceId, delta, numExamples, weight, effectiveSteps, norm: l2Norm(delta), lossBefore }
}

function refusalOf({ strategy }: Task, { delta, norm, numExamples }: SentUpdate): string | undefined {
  for (const each of strategy.checks) {
    const verdict = each.check({ delta, norm, numExamples })
    if (!verdict.ok) return verdict.code
  }
  return undefined
}

const sourceOf = (updates: readonly WeightedUpdate[], size: number): UpdateSource => ({
  count: updates.length,
  size,
  async *[Symbol.asyncIterator]() {
    yield* updates
  },
})
