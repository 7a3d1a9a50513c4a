import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { closeSync, openSync, readSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Rows } from '../../server/src/vector/engine.ts'
import { makeWasmEngine } from '../../server/src/vector/wasm/engine.ts'
import { copyBandwidth, type Measured, measureRule, readBandwidth, table } from './aggregate/measure.ts'
import { numpyMean, tfjsAdds } from './aggregate/peers.ts'
import { inPlace, rules, timedSource, updates } from './aggregate/workload.ts'
import { measuredWhere, writeSection } from './page.ts'

/**
 * Input GB/s of each rule on the wasm engine for 100 updates of 1e6 and 1e7 params, read from files and in place, beside
 * what one thread reads, NumPy's float64 mean of the same files and tensor-by-tensor additions in TensorFlow.js.
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
    try {
      const of = { engine: makeWasmEngine() }
      for (const rule of Object.keys(rules)) {
        const isSlow = rule === 'multi-Krum' || rule.startsWith('NNM')
        console.error(`${count} updates of ${size} params: ${rule} …`)
        measured.push(await measureRule(of, rule, timedSource('files', files.rows), isSlow ? 0 : 2))
        if (!isSlow) measured.push(await measureRule(of, rule, inPlace(count, size), 2))
      }
    } finally {
      files.close()
    }
    const mean = measured.find(({ rule, input }) => rule === 'mean' && input === 'files')!.seconds
    const peers = [await numpyMean(paths), await tfjsAdds(paths)]
    const lines = peers.map(({ name, seconds }) =>
      seconds === undefined
        ? `- ${name}`
        : `- ${name}: ${seconds.toFixed(2)} s; the wasm engine's mean of the same files takes ${(mean / seconds).toFixed(2)} of it`,
    )
    return [`### ${count} updates of ${size} params`, '', ...table(measured, readLimit), '', ...lines]
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** Read straight into the engine's memory, as the spool's files are. */
function openRows(paths: readonly string[], size: number): { readonly rows: Rows; close(): void } {
  const files = paths.map((path) => openSync(path, 'r'))
  const read: Rows['read'] = (start, into) => {
    for (const [k, row] of into.entries()) {
      const numBytes = readSync(files[k]!, row, 0, row.byteLength, 4 * start)
      if (numBytes !== row.byteLength) throw new Error(`${paths[k]} is short`)
    }
  }
  return { rows: { count: paths.length, size, read }, close: () => files.forEach((file) => closeSync(file)) }
}
