import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { CodecName, RoundSummary } from '@panal/client-core'
import { publishTask, serverApi, tasks, type ServerApi } from '@panal/simulations'
import type { TaskDocument } from '@panal/server'
import { startNullDevices } from './null-devices.ts'
import { physicalLimit } from './physical-limit.ts'
import { reportRounds, type Measured } from './report.ts'
import { startServerProcess } from './server-process.ts'
import { smallSets } from './small-sets.ts'
import { watchMemory } from './watch-memory.ts'

/** One setting that the issue asks about. */
export interface Setting {
  readonly devices: number
  /** Units of the one hidden layer: 784 inputs and 10 outputs make 795 · hidden + 10 params. */
  readonly hidden: number
  readonly aimMs: number
  /** What others need for it here, as the issue gives it. */
  readonly peers: Readonly<Record<string, readonly [number, number]>>
}

const settings: readonly Setting[] = [
  { devices: 20, hidden: 251, aimMs: 300, peers: {} },
  { devices: 100, hidden: 126, aimMs: 500, peers: { DisCo: [440, 490], PAIR: [3000, 3400] } },
  { devices: 100, hidden: 1258, aimMs: 4000, peers: {} },
]

export const aimGrowthBytes = 150e6

/**
 * Times what a round costs outside local training: real server in a process of its own, real Socket.IO and HTTP, every
 * update durable, devices that answer at once. `--rounds N` (default 30), `--codec f32|f16` (default f32), `--write` puts
 * the result into docs/benchmarks.md, `--only K` runs the K-th setting, `--profile FOLDER` keeps a CPU profile of the server.
 */
export async function benchRound(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '30' },
      codec: { type: 'string', default: 'f32' },
      only: { type: 'string' },
      write: { type: 'boolean', default: false },
      profile: { type: 'string' },
    },
  })
  const codec: CodecName = values.codec === 'f16' ? 'f16' : 'f32'
  const only = values.only === undefined ? undefined : Number(values.only)
  const measured: Measured[] = []
  for (const [index, setting] of settings.entries()) {
    if (only !== undefined && only !== index + 1) continue
    measured.push(await measure(setting, { numRounds: Number(values.rounds), codec, profile: values.profile }))
  }
  await reportRounds(measured, { write: values.write })
}

interface RunOptions {
  readonly numRounds: number
  readonly codec: CodecName
  readonly profile: string | undefined
}

async function measure(setting: Setting, { numRounds, codec, profile }: RunOptions): Promise<Measured> {
  const { devices } = setting
  const numParams = 795 * setting.hidden + 10
  const updateBytes = numParams * (codec === 'f32' ? 4 : 2)
  console.error(`${devices} devices × ${numParams} params, ${codec}, ${numRounds} rounds …`)
  const limit = await physicalLimit(devices, updateBytes)
  const folder = await mkdtemp(join(tmpdir(), 'panal-bench-'))
  const profiler = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]
  const server = await startServerProcess(folder, { nodeArgs: profiler })
  try {
    const api = serverApi(server.url, server.token)
    const prepared = smallSets(await tasks.digits({ seed: 1 }))
    const { id } = await publishTask(api, prepared, { adjust: (task) => benchTask(task, setting, numRounds, codec) })
    const before = await server.residentBytes()
    const memory = watchMemory(server)
    const fleet = await startNullDevices(server.url, id, devices)
    const warm = closedRounds(api, id, 1).then(() => server.residentBytes())
    const rounds = await closedRounds(api, id, numRounds)
    await fleet.close()
    return {
      setting,
      numParams,
      codec,
      updateBytes,
      rounds,
      limit,
      before,
      warm: await warm,
      residentBytes: await memory.stop(),
    }
  } finally {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

/** Every device in every round, nothing to wait for, and a gate that only looks whether the model is sound. */
const benchTask = (task: TaskDocument, { devices, hidden }: Setting, max: number, codec: CodecName): TaskDocument => ({
  ...task,
  id: 'bench',
  model: { builtin: 'mlp', hidden: [hidden] },
  plan: { ...task.plan, codec },
  cohort: { size: devices, overSelection: 1, reportingGoal: devices, minimum: devices, deadlineMs: 120_000 },
  rounds: { minIntervalMs: 0, max },
  gate: { checks: [{ name: 'integrity' }, { name: 'floor', metric: 'accuracy', min: 0 }] },
})

/** The closed rounds, oldest first, once there are so many. */
async function closedRounds(api: ServerApi, taskId: string, numRounds: number): Promise<readonly RoundSummary[]> {
  for (;;) {
    const rounds = (await api.rounds(taskId, 100)).filter(({ phase }) => phase === 'closed')
    if (rounds.length >= numRounds) return rounds.slice(-numRounds).reverse()
    await sleep(200)
  }
}
