import { setMaxListeners } from 'node:events'
import {
  ok,
  PanalError,
  refuse,
  type Clock,
  type DeviceId,
  type Promoted,
  type Receipt,
  type RoundSummary,
  type TaskCard,
} from '@panal/client-core'
import { failpoint } from '../failpoint.ts'
import type { Gate, RootTrainer } from '../gate/contract.ts'
import type { Registry } from '../registry/registry.ts'
import type { Task } from '../registry/task.ts'
import type { UploadRoom } from '../store/upload-room.ts'
import type { Engines } from '../vector/engines.ts'
import type { Link, Rounds, UploadTarget } from './contract.ts'
import type { UpdateLog, Watch } from './ports.ts'
import type { Sign } from './manifest.ts'
import { Spool } from './spool.ts'
import type { RoundPlan } from './state.ts'
import { toldToDevices } from './summary.ts'
import type { TaskRoundsDeps } from './task-rounds-deps.ts'
import { TaskRounds } from './task-rounds.ts'

export interface RoundsDeps {
  readonly registry: Registry
  readonly log: UpdateLog
  readonly gate: Gate
  readonly clock: Clock
  readonly sign: Sign
  /** Of the key that signs now. */
  readonly keyId: () => string
  /** Where updates are kept. */
  readonly spoolFolder: string
  /** Lets uploads begin: one for the whole server. */
  readonly uploads: UploadRoom
  /** Closed rounds of each task whose updates stay in the spool, to be replayed. */
  readonly keptRounds: number
  /** Most bytes of memory for the updates of a round whose rule needs them all at once. */
  readonly maxHeldBytes: number
  /** Whether nothing of a device counts; left out, there is no such device. */
  readonly isQuarantined?: (deviceId: DeviceId) => boolean
  /** What rules that need all updates at once work with; left out, WASM SIMD. */
  readonly engines?: Pick<Engines, 'prepare' | 'run' | 'lendsForSums'>
  /** For rules that use a root set. */
  readonly rootTrainer?: RootTrainer
  readonly taskCard: (task: Task, paused: boolean) => TaskCard
  /** The task paused itself after its last round: to be kept. */
  readonly onFinished: (taskId: string) => void
  readonly onError: (error: unknown, taskId: string) => void
  readonly watch?: Watch
}

/** When a device should come back to a server that is going down, ms. */
const drainRetryMs = 5_000

/** The rounds of every task of a server: see the contract for what each method promises. */
export function makeRounds(deps: RoundsDeps): Rounds {
  const stopping = new AbortController()
  // Every task waits for it, and Node takes more than ten for a leak.
  setMaxListeners(0, stopping.signal)
  const tasks = new Map<string, TaskRounds>()
  const running: Promise<void>[] = []
  const roundListeners = new Set<(round: RoundSummary) => void>()
  const promotedListeners = new Set<(promoted: Promoted) => void>()

  const taskDeps: TaskRoundsDeps = {
    watch: (_taskId, ports) => ports,
    ...deps,
    spool: new Spool(deps.spoolFolder),
    onRound: (round) => publish(roundListeners, round),
    onPromoted: (promoted) => publish(promotedListeners, promoted),
    onFinished: (taskId) => {
      find(taskId).paused = true
      deps.onFinished(taskId)
    },
  }
  const find = (taskId: string): TaskRounds => {
    const task = tasks.get(taskId)
    if (task === undefined) throw new PanalError('unknown-task')
    return task
  }
  const mayUpload = (target: UploadTarget): TaskRounds => {
    if (stopping.signal.aborted) throw new PanalError('draining', undefined, { retryAfterMs: drainRetryMs })
    if (deps.isQuarantined?.(target.deviceId) === true) throw new PanalError('quarantined')
    return find(target.taskId)
  }
  const lastOf = (taskId: string): RoundSummary | null => deps.registry.roundSummaries(taskId, { limit: 1 })[0] ?? null

  return {
    start(task, paused = false) {
      if (tasks.has(task.id)) throw new PanalError('task-exists')
      if (usesEngine(task, deps.engines)) deps.engines?.prepare(roundSize(task))
      const rounds = new TaskRounds(task, paused, taskDeps)
      tasks.set(task.id, rounds)
      running.push(rounds.run(stopping.signal))
    },
    setPaused: (taskId, paused) => void (find(taskId).paused = paused),
    replace: (task) => void (find(task.id).task = task),
    current: (taskId) => tasks.get(taskId)?.live?.news ?? lastOf(taskId),
    numMembers: (taskId) => tasks.get(taskId)?.population.size ?? 0,

    join(join, link) {
      if (stopping.signal.aborted) return refuse('draining', undefined, drainRetryMs)
      const rounds = tasks.get(join.taskId)
      if (rounds === undefined) return refuse('unknown-task')
      rounds.population.join(join, link)
      const round = rounds.live?.summary ?? lastOf(join.taskId)
      return {
        ok: true,
        task: deps.taskCard(rounds.task, rounds.paused),
        pointers: deps.registry.pointers(join.taskId),
        round: round && toldToDevices(round),
        assignment: rounds.assignment(join.deviceId),
      }
    },
    heartbeat(taskId, deviceId, heartbeat) {
      const rounds = tasks.get(taskId)
      if (rounds === undefined) return refuse('unknown-task')
      const verdict = rounds.population.heartbeat(deviceId, heartbeat)
      if (!verdict.ok) return verdict
      return {
        ok: true,
        roundNumber: rounds.heldTo(deviceId)?.roundNumber ?? null,
        nextRoundInMs: rounds.nextRoundInMs,
      }
    },
    decline(taskId, deviceId, { roundNumber }) {
      const rounds = tasks.get(taskId)
      if (rounds === undefined || rounds.latest === null) return refuse('unknown-round')
      rounds.decline(deviceId, roundNumber)
      return ok
    },
    leave: (taskId, deviceId) => tasks.get(taskId)?.population.leave(deviceId),
    expel(deviceId) {
      for (const { population, intake } of tasks.values()) {
        intake.expel(deviceId)
        population.expel(deviceId)
      }
    },
    quarantineChanged(deviceId) {
      for (const rounds of tasks.values()) rounds.quarantineChanged(deviceId)
    },
    unlink: (taskId, deviceId, link: Link) => tasks.get(taskId)?.population.unlink(deviceId, link),

    uploadOffset: async (target) => mayUpload(target).intake.offset(target),
    receiveUpdate: async (target, header, offset, body): Promise<Receipt> =>
      mayUpload(target).intake.receive(target, header, offset, body),
    countDownload(sha256, numBytes) {
      for (const { live } of tasks.values())
        if (live?.round.phase === 'collecting' && basesOf(live.round).includes(sha256)) live.tally.bytesDown += numBytes
    },

    onRound: (listener) => subscribe(roundListeners, listener),
    onPromoted: (listener) => subscribe(promotedListeners, listener),
    announce: (promoted) => publish(promotedListeners, promoted),

    async stop() {
      stopping.abort(new PanalError('draining'))
      for (const { population } of tasks.values())
        population.closeAll({ code: 'draining', detail: 'the server is shutting down', retryAfterMs: drainRetryMs })
      await Promise.all([...tasks.values()].map(({ intake }) => intake.drained()))
      await Promise.all(running)
    },
  }
}

/** Whether the rounds of a task are to be aggregated on an engine, as far as can be said before there are any updates. */
function usesEngine(task: Task, engines: RoundsDeps['engines']): boolean {
  const { count, size } = roundSize(task)
  const sums = { numBytes: 4 * count * size, lieInPlace: task.codec.isPlain === true }
  return task.strategy.aggregator.usesEngine === 'always' || engines?.lendsForSums(sums) === true
}

const roundSize = ({ layout, document: { cohort } }: Task) => ({ count: cohort.reportingGoal, size: layout.size })

const basesOf = ({ baseSha256, carried = [] }: RoundPlan): string[] => [
  baseSha256,
  ...carried.map((group) => group.baseSha256),
]

function publish<News>(listeners: ReadonlySet<(news: News) => void>, news: News): void {
  for (const tell of listeners) {
    tell(news)
    failpoint('mid-publish')
  }
}

function subscribe<Listener>(listeners: Set<Listener>, listener: Listener): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
