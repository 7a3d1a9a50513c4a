/**
 * The webgpu engine beside the wasm engine, of one thread and of all, on a machine with a GPU and nothing else: bundled
 * into one file (libsql, which it does not use, may be an empty module), with vector-worker.ts as vector-worker.js beside
 * it, it needs only Node and the webgpu package, and for NumPy's mean ../peers/mean.py. Prints tables, and writes
 * aggregate.json into the folder $OUT.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeRng } from '../../client-core/src/model/rng.ts'
import { openSpooledRows } from '../../server/src/round/spooled-rows.ts'
import { makeWasmEngine } from '../../server/src/vector/wasm/engine.ts'
import { openDevice } from '../../server/src/vector/webgpu/device.ts'
import { makeWebGpuEngine } from '../../server/src/vector/webgpu/engine.ts'
import { checkEngine } from './aggregate/check.ts'
import {
  arrivalBandwidth,
  busBandwidth,
  copyBandwidth,
  type Measured,
  measureRule,
  type MeasuredEngine,
  readBandwidth,
  table,
} from './aggregate/measure.ts'
import { numpyMean, type PeerMean } from './aggregate/peers.ts'
import { defaultRule, wholeRound, type WholeRound } from './aggregate/whole-round.ts'
import { copied, inPlace, rules, type Source, untimedSource, updates } from './aggregate/workload.ts'

const out = process.env['OUT'] ?? '.'
const numUpdates = Number(process.env['UPDATES'] ?? 100)
const sizes = (process.env['SIZES'] ?? '1e6,1e7').split(',').map(Number)
const tileMiB = (process.env['TILE_MIB'] ?? '16,32,64').split(',').map(Number)

const started = performance.now()
const log = (text: string) => console.log(`[${((performance.now() - started) / 1000).toFixed(1)} s] ${text}`)

const open = await openDevice()
const { limits } = open.device
log(`GPU: ${open.name}`)
log(
  `limits: buffer ${limits.maxBufferSize}, binding ${limits.maxStorageBufferBindingSize}, ` +
    `workgroup ${limits.maxComputeWorkgroupStorageSize} bytes; timestamps: ${open.device.features.has('timestamp-query')}`,
)
log(`CPU: ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}`)
const read = readBandwidth()
const copy = copyBandwidth()
log(`one thread reads ${read.toFixed(1)} GB/s, copies ${copy.toFixed(1)} GB/s`)

const bus = await busBandwidth(open)
log(`the bus takes ${bus.up.toFixed(1)} GB/s up, ${bus.down.toFixed(1)} GB/s down`)

const gpu = { engine: makeWebGpuEngine(open) }
/** Timestamps make a tile take half as long again: they are asked for in runs of their own. */
const timed = makeWebGpuEngine(open, { timed: true })
const timedGpu = { engine: timed, times: () => timed.times() }
const inRegisters = makeWebGpuEngine(open, { registersFrom: 1 })
const checked = [
  ...(await checkEngine(gpu.engine, makeRng('gpu'))),
  ...(await checkEngine(inRegisters, makeRng('gpu'))).map((each) => ({
    ...each,
    operation: `${each.operation} (registers)`,
  })),
]
for (const { operation, numUpdates: k, numParams, error, isSame } of checked)
  log(
    `check ${operation} ${k} × ${numParams}: error ${error.toExponential(2)} ${error <= 1e-6 ? 'ok' : 'TOO LARGE'}, ` +
      (isSame ? 'same bytes twice' : 'OTHER BYTES'),
  )

const measured: Measured[] = []
const tiles: { readonly tileMiB: number; readonly measured: Measured }[] = []
const save = () => {
  mkdirSync(out, { recursive: true })
  const where = { gpu: open.name, cpu: cpus()[0]?.model, numCpus: cpus().length, node: process.version }
  const limitsHere = Object.fromEntries(
    Object.entries({ read, copy, busUp: bus.up, busDown: bus.down }).map(([name, rate]) => [`${name}GBps`, rate]),
  )
  writeFileSync(
    join(out, 'aggregate.json'),
    JSON.stringify({ ...where, ...limitsHere, arrivals, checked, measured, tiles, wholeRounds, peers }, null, 2),
  )
}

async function measureOn(of: MeasuredEngine, rule: string, source: Source, repeats: number): Promise<Measured> {
  const run = await measureRule(of, rule, source, repeats)
  const row = of === gpu ? { ...run, device: (await measureRule(timedGpu, rule, source, 0)).device } : run
  const rate = `${row.seconds.toFixed(3)} s (the first ${row.firstSeconds.toFixed(3)}), ${row.gbPerSecond.toFixed(2)} GB/s`
  log(`${row.engine} ${rule} ${row.numParams}, ${row.input}: ${rate} ${JSON.stringify(row.device ?? '')}`)
  return row
}

const folder = mkdtempSync(join(tmpdir(), 'panal-bench-gpu-'))
const wholeRounds: (WholeRound & { readonly engine: string; readonly size: number })[] = []
const peers: (PeerMean & { readonly size: number })[] = []
const arrivals: { readonly size: number; readonly gbPerSecond: number }[] = []
for (const size of sizes) {
  const values = [...updates(numUpdates, size)]
  const paths = values.map((row, k) => {
    const path = join(folder, `${size}-${k}.f32`)
    writeFileSync(path, new Uint8Array(row.buffer))
    return path
  })
  const spooled = await openSpooledRows(paths, size)
  const files = untimedSource('files', spooled.rows)
  const [memory, ready] = [copied(values), inPlace(numUpdates, size)]
  log(`${numUpdates} updates of ${size} params made`)
  arrivals.push({ size, gbPerSecond: await arrivalBandwidth(open, spooled.rows) })
  log(`files are read to where the device copies from at ${arrivals.at(-1)!.gbPerSecond.toFixed(1)} GB/s`)
  for (const rule of Object.keys(rules))
    for (const source of [files, memory, ready]) measured.push(await measureOn(gpu, rule, source, 4))
  for (const each of tileMiB) {
    log(`tiles of ${each} MiB`)
    const of = { engine: makeWebGpuEngine(open, { maxTileBytes: each * 2 ** 20 }) }
    for (const source of [files, ready]) tiles.push({ tileMiB: each, measured: await measureOn(of, 'mean', source, 4) })
  }
  save()
  const one = { engine: makeWasmEngine() }
  const all = { engine: makeWasmEngine({ numThreads: availableParallelism() }) }
  for (const rule of Object.keys(rules)) {
    const isSlow = rule === 'multi-Krum' || rule.startsWith('NNM')
    const repeats = size > 2e6 ? 1 : 2
    measured.push(await measureOn(all, rule, untimedSource('files, all threads', spooled.rows), repeats))
    // What takes one thread a minute takes it that from files or from memory.
    if (isSlow && size > 2e6 && rule.startsWith('NNM')) continue
    for (const source of isSlow ? [files] : [files, ready])
      measured.push(await measureOn(one, rule, source, isSlow ? 0 : repeats))
    save()
  }
  const rule = defaultRule(Math.floor(0.2 * numUpdates))
  for (const { engine } of [gpu, all]) {
    const whole = await wholeRound(paths, { size, rule, engine, numTurns: 1 })
    wholeRounds.push({ engine: engine.name, size, ...whole })
    log(
      `${engine.name}: a round by ${rule.name} in ${whole.seconds.toFixed(2)} s, main thread busy for ${whole.busySeconds.toFixed(2)} s`,
    )
  }
  const numpy = await numpyMean(paths)
  log(`${numpy.name}: ${numpy.seconds?.toFixed(3) ?? '?'} s`)
  peers.push({ size, ...numpy })
  all.engine.close()
  await spooled.close()
  for (const path of paths) rmSync(path)
}
save()
rmSync(folder, { recursive: true })
console.log(table(measured, read).join('\n'))
log('done')
process.exit(0) // Dawn's threads would keep the process
