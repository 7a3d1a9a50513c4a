import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Assignment, RoundSummary } from '@panal/client-core'
import type { TaskDocument } from '@panal/server'
import { publishTask, serverApi, tasks, type ServerApi } from '@panal/simulations'
import { ActiveDevices, smallUpdate } from './load/active.ts'
import { measureBarePeer } from './load/bare-peer.ts'
import { beat, joinAll, type Joined } from './load/crowd.ts'
import { enrolledBefore } from './load/enrolled-before.ts'
import { challengeOf } from './load/identity.ts'
import { requireOpenFiles } from './load/open-files.ts'
import { reportLoad, type LoadResult } from './load/report.ts'
import { uploadSlowly, type Offer } from './load/slow.ts'
import { collectable, settledBytes } from './load/settled-memory.ts'
import { stage, type Stage } from './load/stages.ts'
import { Timings } from './load/timings.ts'
import { physicalLimit, type PhysicalLimit } from './physical-limit.ts'
import { startServerProcess } from './server-process.ts'
import { smallSets } from './small-sets.ts'

/** How much of everything. */
export interface LoadSize {
  /** Connected, joined, and not asked: in use by their owners. */
  readonly idle: number
  readonly active: number
  readonly slow: number
}

/** Twice as fast as 10,000 in a minute. */
const joinsPerSecond = 333
/** 795 · 251 + 10 = 199,555 params. */
const activeHidden = 251
/** 795 · 629 + 10 = 500,065 params: 2 MB in codec f32. */
const slowHidden = 629
const slowUploadMs = 20_000
const lease = { heartbeatMs: 30_000, leaseMs: 90_000 }
/** Clients of the bare server, and files of the physical limit: enough for a figure each, in a few seconds each. */
const [maxPeers, maxLimitFiles] = [4_000, 100]

/**
 * One server process under a crowd: idle devices that only stay joined, active ones that finish round after round, and
 * slow ones that upload for twenty seconds while the others go on. `--idle --active --slow` say how many (10,000, 1,000,
 * 500), `--write` puts the result into docs/benchmarks.md, `--profile FOLDER` keeps a CPU profile of the server. What
 * takes longer than `--seconds` (120) from the first join on ends as a failure: a busy machine needs more.
 */
export async function benchLoad(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      idle: { type: 'string', default: '10000' },
      active: { type: 'string', default: '1000' },
      slow: { type: 'string', default: '500' },
      write: { type: 'boolean', default: false },
      profile: { type: 'string' },
      seconds: { type: 'string', default: '120' },
    },
  })
  const size: LoadSize = { idle: Number(values.idle), active: Number(values.active), slow: Number(values.slow) }
  // A connection each, one more for its requests, a file for its upload, and some for the process.
  await requireOpenFiles(size.idle + 3 * (size.active + size.slow) + 500)
  await reportLoad(await measure(size, { profile: values.profile, maxSeconds: Number(values.seconds) }), {
    write: values.write,
  })
}

async function measure(
  size: LoadSize,
  { profile, maxSeconds }: { readonly profile: string | undefined; readonly maxSeconds: number },
): Promise<LoadResult> {
  console.error('a bare Socket.IO server, and what the machine can do at best, for comparison …')
  const peer = await measureBarePeer(Math.min(maxPeers, size.idle), joinsPerSecond)
  const update = smallUpdate(795 * activeHidden + 10)
  const limit = await limitOf(size.active, update.bytes.length)
  const folder = await mkdtemp(join(tmpdir(), 'panal-bench-'))
  console.error('devices that have enrolled before …')
  const identities = await enrolledBefore(folder, 'active', size.idle + size.active)
  const slowOnes = await enrolledBefore(folder, 'slow', size.slow)
  const server = await startServerProcess(folder, {
    nodeArgs: [...collectable, ...(profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`])],
    // All devices of the load come from one network, and all upload at once.
    settings: ['--network-requests-per-minute', '100000000', '--max-uploads', String(size.active + size.slow)],
  })
  const problems = new Map<string, number>()
  const onProblem = (problem: string) => problems.set(problem, (problems.get(problem) ?? 0) + 1)
  const stages: Stage[] = []
  const [joins, over] = [new Timings(), new AbortController()]
  const connected: Joined[] = []
  try {
    const { url } = server
    const api = serverApi(url, server.token)
    await publish(api, size)
    await challengeOf(url)
    bound(maxSeconds)
    const take = (count: number) => identities.splice(0, count)
    const common = { server: url, joinsPerSecond, onProblem }

    // The first of them find room that the start left; what each of the others takes is what one costs.
    const numFirst = Math.floor(size.idle / 5)
    const idleOptions = { ...common, taskId: 'active', idle: false, joins }
    const idle = await stage(server, stages, 'the first idle devices join', () => joinAll(take(numFirst), idleOptions))
    const ofFirst = await settledBytes(server.pid)
    const others = take(size.idle - numFirst)
    idle.push(...(await stage(server, stages, 'the other idle devices join', () => joinAll(others, idleOptions))))
    connected.push(...idle)
    const idleDeviceBytes = ((await settledBytes(server.pid)) - ofFirst) / others.length
    void beat(idle, false, lease.heartbeatMs, over.signal)
    await stage(server, stages, 'idle devices only', () => sleep(3_000))

    const work = new ActiveDevices(url, update, onProblem)
    await stage(server, stages, 'rounds of the active', async () => {
      const onEvent = (identity: Joined['identity'], _name: string, offer: unknown) =>
        work.take(identity, offer as Assignment)
      const active = await joinAll(take(size.active), { ...common, taskId: 'active', idle: true, joins, onEvent })
      connected.push(...active)
      void beat(active, true, lease.heartbeatMs, over.signal)
      await closedRounds(api, 'active', 1)
    })

    const slowReceipts = await stage(server, stages, 'the same, and slow uploads', async () => {
      const offers: Offer[] = []
      let allCame: () => void = () => undefined
      const all = new Promise<void>((resolve) => (allCame = resolve))
      const onEvent = (identity: Joined['identity'], _name: string, offer: unknown) => {
        if (offers.push({ identity, assignment: offer as Assignment }) === size.slow) allCame()
      }
      const slow = await joinAll(slowOnes, {
        ...common,
        taskId: 'slow',
        idle: true,
        joins: new Timings(),
        onEvent,
      })
      connected.push(...slow)
      void beat(slow, true, lease.heartbeatMs, over.signal)
      await all
      const { numReceipts } = await uploadSlowly(url, offers, smallUpdate(795 * slowHidden + 10), slowUploadMs)
      work.rest()
      return await numReceipts
    })
    over.abort()
    const rounds = await closedRounds(api, 'active', 1)
    work.close()
    return { size, stages, joins, work, rounds, slowReceipts, idleDeviceBytes, peer, limit, problems }
  } finally {
    over.abort()
    for (const { connection } of connected) connection.close()
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

/** Ends this process, and with it the server, if it is still there after so long. */
function bound(seconds: number): void {
  setTimeout(() => {
    console.error(`the load took longer than ${seconds} s`)
    process.exit(1)
  }, seconds * 1000).unref()
}

/** Of so many files, by the measure of fewer. */
async function limitOf(numFiles: number, numBytes: number): Promise<PhysicalLimit> {
  const numMeasured = Math.min(maxLimitFiles, numFiles)
  const { writeMs, loopbackMs } = await physicalLimit(numMeasured, numBytes)
  const scale = numFiles / numMeasured
  return { writeMs: writeMs * scale, loopbackMs: loopbackMs * scale }
}

async function publish(api: ServerApi, { active, slow }: LoadSize): Promise<void> {
  const digits = smallSets(await tasks.digits({ seed: 1 }))
  const cohort = (size: number) => ({ size, overSelection: 1, reportingGoal: size, minimum: size, deadlineMs: 90_000 })
  const common = {
    lease,
    // Most devices of this load are in use by their owners: joined, and not asked.
    eligibility: { idle: true },
    gate: { checks: [{ name: 'integrity' }, { name: 'floor', metric: 'accuracy', min: 0 }] },
  } satisfies Partial<TaskDocument>
  const adjust =
    (id: string, hidden: number, changes: Partial<TaskDocument>) =>
    (task: TaskDocument): TaskDocument => ({
      ...task,
      ...common,
      id,
      model: { builtin: 'mlp', hidden: [hidden] },
      plan: { ...task.plan, codec: 'f32' },
      ...changes,
    })
  await publishTask(api, digits, {
    adjust: adjust('active', activeHidden, { cohort: cohort(active), rounds: { minIntervalMs: 0 } }),
  })
  await publishTask(api, digits, {
    adjust: adjust('slow', slowHidden, { cohort: cohort(slow), rounds: { minIntervalMs: 0, max: 1 } }),
  })
}

/** All closed rounds, oldest first, once there are at least so many. */
async function closedRounds(api: ServerApi, taskId: string, atLeast: number): Promise<readonly RoundSummary[]> {
  for (;;) {
    const rounds = (await api.rounds(taskId, 100)).filter(({ phase }) => phase === 'closed')
    if (rounds.length >= atLeast) return rounds.reverse()
    await sleep(200)
  }
}
