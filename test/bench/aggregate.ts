import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { closeSync, openSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { makeAggregator } from '@panal/server'
import type { Rows } from '../../server/src/vector/engine.ts'
import { rowsAt } from '../../server/src/vector/places.ts'
import { makeWasmEngine } from '../../server/src/vector/wasm/engine.ts'
import { copyBandwidth, type Measured, measureRule, readBandwidth, table } from './aggregate/measure.ts'
import { numpyMean, tfjsAdds, type PeerMean } from './aggregate/peers.ts'
import { defaultRule, wholeRound } from './aggregate/whole-round.ts'
import { inPlace, rules, timedSource, untimedSource, updates } from './aggregate/workload.ts'
import { measuredWhere, writeSection } from './page.ts'

/**
 * Input GB/s of each rule on the wasm engine for 100 updates of 1e6 and 1e7 params, read from files and in place, beside
 * what one thread reads, NumPy's float64 mean of the same files (in turns with ours) and tensor-by-tensor additions in TensorFlow.js.
 * `--params 1e6,1e7`, `--updates 100`; `--write` puts the result into docs/benchmarks.md. A machine with a GPU runs
 * aggregate.gpu.ts.
 */
export async function benchAggregate(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      params: { type: 'string', default: '1e6,1e7' },
      updates: { type: 'string', default: '100' },
      write: { type: 'boolean', default: false },
    },
  })
  const read = readBandwidth()
  const text = [measuredWhere(), '']
  text.push(`One thread reads ${read.toFixed(1)} GB/s and copies ${copyBandwidth().toFixed(1)} GB/s here.`)
  for (const size of values.params.split(',').map(Number))
    text.push('', ...(await measureSize(Number(values.updates), size, read)))
  console.log(text.join('\n'))
  if (values.write) await writeSection('aggregate', text.join('\n'))
}

async function measureSize(count: number, size: number, readLimit: number): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'panal-bench-aggregate-'))
  try {
    const paths: string[] = []
    for (const row of updates(count, size)) {
      paths.push(join(folder, `${paths.length}.f32`))
      await writeFile(paths.at(-1)!, new Uint8Array(row.buffer))
    }
    const files = openRows(paths, size)
    const measured: Measured[] = []
    const means: Measured[] = []
    const numpy: PeerMean[] = []
    const rounds: string[] = []
    const one = { engine: makeWasmEngine() }
    const all = { engine: makeWasmEngine({ numThreads: availableParallelism() }) }
    try {
      for (const rule of Object.keys(rules)) {
        const isSlow = rule === 'multi-Krum' || rule.startsWith('NNM')
        const repeats = rule === 'mean' ? 9 : isSlow ? 0 : 2
        console.error(`${count} updates of ${size} params: ${rule} …`)
        if (!isSlow || size <= 1e6)
          measured.push(await measureRule(one, rule, timedSource('files', files.rows), repeats))
        // what the memory holds then are the rows of that reading
        if (!isSlow) measured.push(await measureRule(one, rule, inPlace(count, size), repeats))
        measured.push(await measureRule(all, rule, untimedSource('files, all threads', files.rows), repeats))
      }
      // in turns, so that a slow minute of the machine is everybody's
      for (let turn = 0; turn < 3; turn++) {
        console.error(`${count} updates of ${size} params: mean and NumPy, turn ${turn + 1} …`)
        means.push(await measureRule(all, 'mean', untimedSource('files, all threads', files.rows), 3)) // as often as NumPy
        numpy.push(await numpyMean(paths))
      }
      const mean = makeAggregator({ aggregator: { name: 'mean' } })
      const best = defaultRule(Math.floor(0.2 * count))
      for (const [how, rule, engine] of [
        ['mean, folded', mean, undefined],
        ['mean', mean, all.engine],
        ...(size <= 1e6 ? [[best.name, best, all.engine] as const] : []), // of more it takes minutes
      ] as const) {
        console.error(`${count} updates of ${size} params: a whole round by ${how} …`)
        const { seconds, busySeconds } = await wholeRound(paths, { size, rule, engine })
        rounds.push(`${how} ${seconds.toFixed(2)} s (main thread busy for ${busySeconds.toFixed(2)} s)`)
      }
    } finally {
      all.engine.close()
      files.close()
    }
    const mean = Math.min(...means.map(({ seconds }) => seconds))
    const fastest = numpy.reduce((best, each) =>
      (each.seconds ?? Infinity) < (best.seconds ?? Infinity) ? each : best,
    )
    const peers = [fastest, await tfjsAdds(paths)]
    const lines = peers.map(({ name, seconds }) =>
      seconds === undefined
        ? `- ${name}`
        : `- ${name}: ${seconds.toFixed(2)} s; the wasm engine's mean of the same files, in ${mean.toFixed(3)} s, is ${(seconds / mean).toFixed(1)} × as fast`,
    )
    lines.push(`- A live round, its updates compared with their receipts first: ${rounds.join('; ')}`)
    return [`### ${count} updates of ${size} params`, '', ...table(measured, readLimit), '', ...lines]
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** Read by the engine's threads straight into their memory, as the spool's files are. */
function openRows(paths: readonly string[], size: number): { readonly rows: Rows; close(): void } {
  const fds = paths.map((path) => openSync(path, 'r'))
  const places = fds.map((fd) => ({ fd }))
  return { rows: rowsAt(places, size), close: () => fds.forEach((fd) => closeSync(fd)) }
}
