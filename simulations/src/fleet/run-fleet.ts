import { readFile } from 'node:fs/promises'
import { makeRng, readDataset, type DataSchema, type Dataset } from '@panal/client-core'
import type { EngineName } from '../engine/open-trainer.ts'
import { everyDevice } from '../partition/dealt.ts'
import { partitioners, type PartitionName } from '../partition/registry.ts'
import { serverApi } from '../server-api.ts'
import { tasks } from '../tasks/registry.ts'
import { FleetWatch } from '../show/fleet-watch.ts'
import type { Screen } from '../show/screen.ts'
import { startFleet } from './fleet.ts'
import { shareShards } from './shards.ts'

export interface RunFleetOptions {
  readonly server: string
  readonly task: string
  readonly devices: number
  readonly workers?: number
  /** A task that comes with its data, or the path of a dataset file in the format of the task. */
  readonly data: string
  readonly partition: PartitionName
  readonly alpha: number
  readonly seed: number
  readonly engine: EngineName
}

/** Devices for a task of a server that is running, until the signal aborts. @throws PanalError with the server's code */
export async function runFleet(options: RunFleetOptions, screen: Screen, signal: AbortSignal): Promise<void> {
  const { server, task, devices, partition, alpha, seed, engine } = options
  const api = serverApi(server)
  const { card } = await api.task(task, signal)
  const shards = await screen.step('Reading the data', 1, async () => {
    const training = await loadTraining(options.data, card.data, seed)
    const partitioner = partitioners[partition].make({ alpha })
    return shareShards(training, everyDevice(partitioner.partition(training, devices, makeRng(seed).fork('partition'))))
  })

  const watch = new FleetWatch()
  watch.onProblem((problem) => screen.say(problem))
  const fleet = await startFleet({
    server,
    taskId: task,
    shards,
    seed,
    engine,
    onNote: (line) => screen.say(line),
    ...(options.workers === undefined ? {} : { workers: options.workers }),
    onEvent: watch.observe,
    onError: (error) => watch.fail(error),
  })
  try {
    await screen.step('Devices joining', devices, (advance) => watch.joined(devices, signal, advance))
    watch.onChange(() => screen.showRounds(watch.view))
    for await (const round of watch.closedRounds(signal))
      watch.setPointers(round.number, (await api.task(task, signal)).pointers)
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    screen.close()
    await fleet.close()
  }
}

async function loadTraining(data: string, schema: DataSchema, seed: number): Promise<Dataset> {
  if (isTaskName(data)) return (await tasks[data]({ seed })).training
  return readDataset(await readFile(data), schema)
}

const isTaskName = (name: string): name is keyof typeof tasks => Object.hasOwn(tasks, name)
