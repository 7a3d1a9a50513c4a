import type { RunningServer } from '@panal/server'
import { makeRng, PanalError, type Dataset, type RoundSummary } from '@panal/client-core'
import { shareShards } from '../fleet/shards.ts'
import { startFleet, type Fleet } from '../fleet/fleet.ts'
import type { EngineName } from '../engine/open-trainer.ts'
import { everyDevice } from '../partition/dealt.ts'
import { partitioners, type PartitionName } from '../partition/registry.ts'
import { publishTask, serverApi, type ServerApi } from '../server-api.ts'
import { tasks, type DemoTaskName } from '../tasks/registry.ts'
import { startDemoServer } from './demo-server.ts'
import { FleetWatch } from '../show/fleet-watch.ts'
import { describeGate } from '../show/gate-rows.ts'
import type { Screen } from '../show/screen.ts'

export interface DemoOptions {
  readonly task: DemoTaskName
  readonly devices: number
  readonly workers?: number
  readonly partition: PartitionName
  /** Of the Dirichlet partition. */
  readonly alpha: number
  readonly host: string
  readonly port: number
  readonly dataFolder: string
  /** Go on with what an earlier demo left in the data folder. */
  readonly keep: boolean
  /** Stop as soon as a model is promoted. */
  readonly once: boolean
  /** Give up after so many rounds without a promotion. */
  readonly maxRounds: number
  readonly seed: number
  readonly engine: EngineName
  /** How long a simulated device rests after an update once a model is promoted, ms: a visitor has the cores meanwhile. */
  readonly restMs: number
}

export type DemoEnd =
  { readonly outcome: 'promoted'; readonly version: number } | { readonly outcome: 'not-promoted' | 'stopped' }

/**
 * The whole of it: data, server, task, fleet, rounds until the gate promotes; then, unless `once`, more rounds at a pace
 * that leaves room for a visitor, until the signal aborts. Everything it started has stopped when it resolves.
 */
export async function runDemo(options: DemoOptions, screen: Screen, signal: AbortSignal): Promise<DemoEnd> {
  const opened: { close(): Promise<void> }[] = []
  const keep = <T extends { close(): Promise<void> }>(resource: T): T => {
    opened.unshift(resource)
    return resource
  }
  try {
    const { shards, server, api } = await begin(options, { screen, signal, keep })
    const rounds = await api.rounds(options.task, 100, signal)
    const over = new Set(rounds.filter(({ phase }) => phase === 'closed').map((round) => round.number))

    const watch = new FleetWatch()
    watch.onProblem((problem) => screen.say(problem))
    const closed = watch.closedRounds(signal)
    const fleet = keep(
      await screen.step('Starting the devices', 1, () => startDevices(server, shards, { options, watch, screen })),
    )
    await screen.step('Devices joining', shards.length, (advance) => watch.joined(shards.length, signal, advance))
    watch.onChange(() => screen.showRounds(watch.view))
    return await followRounds({ options, screen, signal, api, server, fleet, watch, closed, over })
  } catch (error) {
    if (!signal.aborted) throw error
    return { outcome: 'stopped' }
  } finally {
    screen.close()
    for (const resource of opened) await resource.close()
  }
}

interface Beginning {
  readonly screen: Screen
  readonly signal: AbortSignal
  readonly keep: (server: RunningServer) => RunningServer
}

/** A server with the task, and what its devices have. The data as a whole is let go of: of digits it is 190 MB. */
async function begin(options: DemoOptions, { screen, signal, keep }: Beginning) {
  const prepared = await screen.step('Reading the data', 1, () => tasks[options.task](options))
  const shards = await screen.step('Dealing it to the devices', 1, () =>
    Promise.resolve(deal(prepared.training, options)),
  )
  const server = keep(await screen.step('Starting the server', 1, () => startDemoServer(options)))
  const api = serverApi(server.url, server.operatorToken)
  const files = [...Object.values(prepared.sets), prepared.cases, ...prepared.samples.map(({ bytes }) => bytes)]
  const numBytes = files.reduce((sum, file) => sum + file.length, 0)
  await screen.step('Storing the evaluation data', numBytes, (onStored) =>
    publishTask(api, prepared, { onStored, signal }).catch((error: unknown) => {
      if (!(options.keep && error instanceof PanalError && error.code === 'task-exists')) throw error
    }),
  )
  return { shards, server, api }
}

interface Running {
  readonly options: DemoOptions
  readonly screen: Screen
  readonly signal: AbortSignal
  readonly api: ServerApi
  readonly server: RunningServer
  readonly fleet: Fleet
  readonly watch: FleetWatch
  readonly closed: AsyncIterable<RoundSummary>
  /** Rounds of an earlier run, with `keep`: a device that joins is told of the last one. */
  readonly over: ReadonlySet<number>
}

/** Until promoted, or out of rounds; and on from there. */
async function followRounds(running: Running): Promise<DemoEnd> {
  const { options, screen, signal, api, server, fleet, watch, closed, over } = running
  let end: DemoEnd = { outcome: 'not-promoted' }
  let numRounds = 0 // of this run: with `keep` the task's own numbers go on from an earlier one
  for await (const round of closed) {
    if (over.has(round.number)) continue
    const { pointers } = await api.task(options.task, signal)
    watch.setPointers(round.number, pointers)
    if (end.outcome !== 'promoted' && round.outcome === 'promoted' && round.candidateVersion !== undefined) {
      end = { outcome: 'promoted', version: round.candidateVersion }
      screen.showRounds(watch.view)
      screen.say(await promotion(api, options.task, end.version, signal))
      if (options.once) return end
      fleet.restAfterWork(options.restMs)
      screen.say(invitation(server, options.task))
    }
    numRounds += 1
    if (end.outcome !== 'promoted' && numRounds >= options.maxRounds) return end
  }
  return end
}

async function promotion(api: ServerApi, task: DemoTaskName, version: number, signal: AbortSignal): Promise<string> {
  const { evaluation } = await api.version(task, version, signal)
  return evaluation === null ? `version ${version} was promoted` : `\nPROMOTED: ${describeGate(evaluation)}`
}

const invitation = ({ url, adminLink }: RunningServer, task: DemoTaskName): string =>
  [
    '',
    `Join with a browser:   ${url}/contribute/${task}`,
    `Try the model:         ${url}/try/${task}`,
    ...(adminLink === null ? [] : [`Administer (one time):  ${adminLink}`]),
    '',
    'Rounds go on, more slowly; who has just joined is asked first. Ctrl-C ends the demo.',
    '',
  ].join('\n')

function deal(training: Dataset, { partition, alpha, devices, seed }: DemoOptions): Dataset[] {
  const partitioner = partitioners[partition].make({ alpha })
  const dealt = partitioner.partition(training, devices, makeRng(seed).fork('partition'))
  return shareShards(training, everyDevice(dealt))
}

const startDevices = (
  server: RunningServer,
  shards: readonly Dataset[],
  { options, watch, screen }: { options: DemoOptions; watch: FleetWatch; screen: Screen },
) =>
  startFleet({
    server: server.url,
    taskId: options.task,
    shards,
    seed: options.seed,
    name: 'demo',
    engine: options.engine,
    onNote: (line) => screen.say(line),
    ...(options.workers === undefined ? {} : { workers: options.workers }),
    onEvent: watch.observe,
    onError: (error) => watch.fail(error),
  })
