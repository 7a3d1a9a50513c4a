import { parentPort, workerData } from 'node:worker_threads'
import { makeRng, startSession, tfjsTrainer, type Session, type SessionEvent } from '@panal/client-core'
import { ready, setBackend } from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-backend-wasm'
import type { FleetCommand, FleetDevice, FleetReport, FleetWorkerData } from './fleet-messages.ts'
import { nodeRuntime } from './node-runtime.ts'
import { takeTurns, trainInTurn } from './turns.ts'

const { server, taskId, seed, devices } = workerData as FleetWorkerData
const port = parentPort!
const report = (message: FleetReport) => port.postMessage(message)

await setBackend('wasm')
await ready()
const turns = takeTurns()
const sessions = devices.map(start)
const commands = {
  pause: () => sessions.forEach((session) => session.pause()),
  resume: () => sessions.forEach((session) => session.resume()),
  async close() {
    await Promise.all(sessions.map((session) => session.leave()))
    report({ type: 'closed' })
    port.close()
  },
} as const satisfies Record<FleetCommand, () => void | Promise<void>>

port.on('message', (command: FleetCommand) => void commands[command]())
report({ type: 'ready' })

/** One device: the session that a browser runs, over real sockets, with this thread's one backend. */
function start({ index, data }: FleetDevice): Session {
  const runtime = nodeRuntime({ server, rng: makeRng(`${seed}/device/${index}`) })
  let state: string | undefined
  const onEvent = (event: SessionEvent) => {
    // Twenty progress bars at twenty reports a second are for nobody: only changes of state cross the thread.
    if (event.type === 'state' && event.state.state === state) return
    if (event.type === 'state') state = event.state.state
    report({ type: 'event', device: index, event })
  }
  return startSession({
    runtime,
    taskId,
    data,
    makeTrainer: async ({ topology, data: schema, loss }) =>
      trainInTurn(await tfjsTrainer(topology, schema, loss, { clock: runtime.clock }), turns, runtime.clock),
    onEvent,
  })
}
