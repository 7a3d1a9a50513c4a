import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import compileServer from '../../compile-server.mjs'

const panal = fileURLToPath(new URL('../../../server/bin/panal.js', import.meta.url))

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panal-compiled-'))
  compileServer()
}, 120_000)
afterAll(() => rm(folder, { recursive: true }))

/** Every script that ran in a `panal start` and its threads, until it was told to stop. */
async function scriptsOfAStart(): Promise<string[]> {
  const coverage = join(folder, 'coverage')
  const env = {
    PATH: process.env['PATH'],
    NODE_V8_COVERAGE: coverage,
    PANAL_PORT: '0',
    PANAL_DATA: join(folder, 'data'),
  }
  const child = spawn(process.execPath, [panal, 'start'], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  child.stdout.once('data', () => child.kill('SIGTERM'))
  expect(await once(child, 'exit')).toEqual([0, null])
  const reports = await Promise.all((await readdir(coverage)).map((name) => readFile(join(coverage, name), 'utf8')))
  return reports.flatMap((text) => (JSON.parse(text) as { result: { url: string }[] }).result.map(({ url }) => url))
}

it('a start runs what was compiled: no TypeScript, and nothing that reads it, which is half of the memory', async () => {
  const scripts = await scriptsOfAStart()
  expect(scripts).toContainEqual(expect.stringMatching(/\/server\/dist\/start\.js$/))
  expect(scripts.filter((url) => /\.tsx?($|\?)|\/node_modules\/(tsx|esbuild)\//.test(url))).toEqual([])
}, 60_000)
