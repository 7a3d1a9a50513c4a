/**
 * The webgpu engine beside the wasm engine on a machine with a GPU and nothing else: bundled into one file, which needs
 * only Node and the webgpu package beside it. Prints tables, and writes aggregate.json into the folder $OUT.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { makeRng } from '../../client-core/src/model/rng.ts'
import { makeWasmEngine } from '../../server/src/vector/wasm/engine.ts'
import { openDevice } from '../../server/src/vector/webgpu/device.ts'
import { makeWebGpuEngine } from '../../server/src/vector/webgpu/engine.ts'
import { checkEngine } from './aggregate/check.ts'
import {
  busBandwidth,
  copyBandwidth,
  type Measured,
  measureRule,
  type MeasuredEngine,
  readBandwidth,
  table,
} from './aggregate/measure.ts'
import { copied, inPlace, rules, type Source, updates } from './aggregate/workload.ts'

const out = process.env['OUT'] ?? '.'
const numUpdates = Number(process.env['UPDATES'] ?? 100)
const sizes = (process.env['SIZES'] ?? '1e6,1e7').split(',').map(Number)
const tileMiB = (process.env['TILE_MIB'] ?? '32,64,128').split(',').map(Number)

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

const gpu = makeWebGpuEngine(open, { timed: true })
const checked = await checkEngine(gpu, makeRng('gpu'))
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
    JSON.stringify({ ...where, ...limitsHere, checked, measured, tiles }, null, 2),
  )
}

async function measureOn(of: MeasuredEngine, rule: string, source: Source, repeats: number): Promise<Measured> {
  const row = await measureRule(of, rule, source, repeats)
  const rate = `${row.seconds.toFixed(3)} s, ${row.gbPerSecond.toFixed(2)} GB/s`
  log(`${row.engine} ${rule} ${row.numParams}, ${row.input}: ${rate} ${JSON.stringify(row.device ?? '')}`)
  return row
}

for (const size of sizes) {
  const values = [...updates(numUpdates, size)]
  const sources = [copied(values), inPlace(numUpdates, size)]
  log(`${numUpdates} updates of ${size} params made`)
  const onGpu = { engine: gpu, times: () => gpu.times() }
  for (const rule of Object.keys(rules))
    for (const source of sources) measured.push(await measureOn(onGpu, rule, source, 3))
  for (const each of tileMiB) {
    log(`tiles of ${each} MiB`)
    const engine = makeWebGpuEngine(open, { timed: true, maxTileBytes: each * 2 ** 20 })
    const of = { engine, times: () => engine.times() }
    tiles.push({ tileMiB: each, measured: await measureOn(of, 'mean', sources[1]!, 3) })
  }
  save()
  const wasm = { engine: makeWasmEngine() }
  for (const rule of Object.keys(rules)) {
    // What takes this engine a minute takes it that with copies or without.
    const isSlow = rule === 'multi-Krum' || rule.startsWith('NNM')
    if (isSlow && size > 2e6 && rule.startsWith('NNM')) continue
    for (const source of isSlow ? sources.slice(0, 1) : sources)
      measured.push(await measureOn(wasm, rule, source, isSlow ? 0 : size > 2e6 ? 1 : 2))
    save()
  }
}
save()
console.log(table(measured, read).join('\n'))
log('done')
process.exit(0) // Dawn's threads would keep the process
