import { parentPort, workerData } from 'node:worker_threads'
import { makeRng, startSession, systemClock, type Session, type SessionEvent } from '@panal/client-core'
import { ready, setBackend } from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-backend-wasm'
import { openTrainer } from '../engine/open-trainer.ts'
import type { FleetCommand, FleetDevice, FleetReport, FleetWorkerData } from './fleet-messages.ts'
import { nodeRuntime } from './node-runtime.ts'
import { takeTurns, trainInTurn } from './turns.ts'

const { server, taskId, seed, engine, devices } = workerData as FleetWorkerData
const port = parentPort!
const report = (message: FleetReport) => port.postMessage(message)

await setBackend('wasm')
await ready()
const turns = takeTurns()
const clock = systemClock({ setTimeout, clearTimeout })
const closing = new AbortController()
const told = new Set<string>()
/** The model is the same for all devices: once is enough. */
const tell = (line: string): void => {
  if (!told.has(line)) report({ type: 'note', line })
  told.add(line)
}
let restMs = 0
const sessions = devices.map(start)
port.on('message', (command: FleetCommand) => {
  if (command.type === 'rest') restMs = command.ms
  else void close()
})
report({ type: 'ready' })

/** One device: the session that a browser runs, over real sockets, with this thread's one backend. */
function start({ index, data }: FleetDevice): Session {
  let state: string | undefined
  const onEvent = (event: SessionEvent) => {
    if (event.type === 'accepted' && restMs > 0) rest(session)
    // Twenty progress bars at twenty reports a second are for nobody: only changes of state cross the thread.
    if (event.type === 'state' && event.state.state === state) return
    if (event.type === 'state') state = event.state.state
    report({ type: 'event', device: index, event })
  }
  const session = startSession({
    runtime: nodeRuntime({ server, rng: makeRng(`${seed}/device/${index}`) }),
    taskId,
    data,
    makeTrainer: async (task) => trainInTurn(await openTrainer(task, { engine, clock, tell }), turns, clock),
    onEvent,
  })
  return session
}

function rest(session: Session): void {
  session.pause()
  clock.sleep(restMs, closing.signal).then(
    () => session.resume(),
    () => undefined,
  )
}

async function close(): Promise<void> {
  closing.abort()
  await Promise.all(sessions.map((session) => session.leave()))
  report({ type: 'closed' })
  port.close()
}
