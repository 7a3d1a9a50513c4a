import compileServer from '../compile-server.mjs'
import { benchAggregate } from './aggregate.ts'
import { benchAttacks } from './attacks.ts'
import { benchGate } from './gate.ts'
import { benchLoad } from './load.ts'
import { benchRound } from './round.ts'
import { benchSimulation } from './simulation.ts'

/** Everything that is measured. A new benchmark is one file and one line here. */
const benchmarks: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
  aggregate: benchAggregate,
  attacks: benchAttacks,
  gate: benchGate,
  load: benchLoad,
  round: benchRound,
  simulation: benchSimulation,
}

const [name = '', ...args] = process.argv.slice(2)
const benchmark = benchmarks[name]
if (benchmark === undefined) {
  console.error(`usage: npm run bench -- ${Object.keys(benchmarks).join(' | ')} [options]`)
  process.exitCode = 2
} else {
  compileServer() // what people run is compiled
  await benchmark(args)
}
