import { execFile } from 'node:child_process'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { startServer, type GateCheckSpec, type RunningServer } from '@panal/server'
import { runCli } from '../../server/src/cli/program.ts'
import type { CalibrationReport } from '../../server/src/gate/calibrate/calibration-report.ts'
import { scenarioNames } from '../../server/src/gate/calibrate/scenarios/registry.ts'
import { liveConfig } from '../fixtures/live-server.ts'
import { numRounds, seededRun, taskId, testFolder } from '../fixtures/kill/seeded-run.ts'
import { startSmallFleet } from '../fixtures/kill/small-fleet.ts'

let folder: string
let data: string
let server: RunningServer

/** A server with a champion, and two versions before it. */
beforeAll(async () => {
  folder = await testFolder()
  const checks: GateCheckSpec[] = [
    { name: 'integrity' },
    { name: 'pin' },
    { name: 'determinism' },
    { name: 'floor', metric: 'accuracy', min: 0 },
    { name: 'segments' },
    { name: 'robustness', variations: [{ name: 'shift', severity: 1 }] },
    { name: 'reuse' },
  ]
  const run = await seededRun(folder, 1, { name: 'mean' }, { segments: ['label'], gate: { checks } })
  data = await run.fresh()
  server = await startServer(liveConfig({ data }))
  const fleet = startSmallFleet(server.url, taskId, run.devices)
  await fleet.closed(numRounds)
  await fleet.leave()
}, 60_000)
afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true })
})

interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs `panal gate calibrate` in this process. `onErr` is told of each line on standard error, and may stop it. */
async function run(args: readonly string[], onErr?: (line: string, stop: () => void) => void): Promise<Ran> {
  let [out, err] = ['', '']
  const stops: (() => void)[] = []
  const code = await runCli(['gate', 'calibrate', ...args, '--data', data], {
    env: {},
    print: (text) => (out += text),
    complain: (text) => {
      err += text
      onErr?.(text, () => stops.forEach((stop) => stop()))
    },
    onStop: (stop) => stops.push(stop),
    exitNow: () => undefined,
    columns: 120,
  })
  return { code, out, err }
}

const few = ['--runs', '3', '--fault-runs', '2', '--seed', '4']

describe('panal gate calibrate', () => {
  it('tries every kind of candidate on the task’s own data while the server runs', async () => {
    const file = join(folder, 'one.json')
    const { code, out, err } = await run([taskId, ...few, '--workers', '1', '--json', file])
    expect({ code, err: err.trimEnd().split('\n').at(-1) }).toEqual({
      code: 0,
      err: expect.stringMatching(/^(\d+) of \1 runs, done$/),
    })
    const report = JSON.parse(await readFile(file, 'utf8')) as CalibrationReport
    expect(report).toMatchObject({ taskId, champion: 3, seed: 4, runs: 3, examples: { gate: 30 } })
    expect(report.scenarios.map(({ name }) => name)).toEqual(scenarioNames)
    for (const { name, settings, because } of report.scenarios) {
      const numRuns = ['same', 'exchanged', 'jittered'].includes(name) ? 3 : 2
      expect(settings.length === 0).toBe(because !== undefined)
      for (const { blocked, held, promoted, verdicts } of settings) {
        expect(blocked.count + held.count + promoted.count).toBe(numRuns)
        // Of recorded answers there is nothing that cannot be made.
        expect(verdicts.ERROR).toBeUndefined()
      }
    }
    // Really trained, on the task's own data.
    const flipped = report.scenarios.find(({ name }) => name === 'flipped-labels')
    expect(flipped?.settings.map(({ size }) => size)).toEqual([0, 0.5, 1])
    expect(new Set(flipped?.settings.map(({ gain }) => gain.logLoss)).size).toBe(3)
    expect(out).toMatch(/^blocked +The champion as if it were new/m)
    expect(out).toContain('no declared segment has examples enough to gate')
  }, 60_000)

  it('comes to the same bytes with other threads, and to others with another seed', async () => {
    const written = async (name: string, ...args: string[]) => {
      const file = join(folder, name)
      expect(await run([taskId, ...args, '--json', file])).toMatchObject({ code: 0 })
      return readFile(file, 'utf8')
    }
    const only = ['--only', 'jittered', '--runs', '12']
    const one = await written('a.json', ...only, '--seed', '4', '--workers', '1')
    expect(await written('b.json', ...only, '--seed', '4', '--workers', '2')).toBe(one)
    expect(await written('c.json', ...only, '--seed', '5', '--workers', '1')).not.toBe(one)
  }, 60_000)

  it('stands in another version for the champion', async () => {
    const { code, out } = await run([taskId, ...few, '--version', '1', '--only', 'same'])
    expect(code).toBe(0)
    expect(out).toMatch(/champion 1,/)
  }, 60_000)

  it('leaves nothing half-written when it is told to stop', async () => {
    const file = join(folder, 'kept.json')
    await writeFile(file, 'what was there')
    const { code, out, err } = await run(
      [taskId, '--runs', '200', '--only', 'jittered', '--json', file],
      (line, stop) => {
        if (/^\d+ of 200 runs, .* left/.test(line)) stop()
      },
    )
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toMatch(/panal: stopped: /)
    expect(await readFile(file, 'utf8')).toBe('what was there')
    await expect(readFile(`${file}.partial`)).rejects.toThrow(/ENOENT/)
  }, 60_000)

  it('ends with 1 for what is not there, 2 for a wrong command line', async () => {
    expect(await run(['none', ...few])).toMatchObject({ code: 1, err: expect.stringMatching(/^panal: unknown-task/) })
    expect(await run([taskId, ...few, '--version', '99'])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^panal: unknown-version/),
    })
    expect(await run([taskId, '--only', 'nothing'])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/--only nothing.*\n {2}same\n/),
    })
    for (const wrong of ['0', '-1', 'many', '1.5'])
      expect(await run([taskId, '--runs', wrong])).toMatchObject({ code: 2 })
    const nowhere = join(folder, 'no', 'such', 'folder.json')
    // Before anything is computed.
    expect(await run([taskId, ...few, '--only', 'same', '--json', nowhere])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^panal: unwritable-file: .*ENOENT/),
    })
  }, 60_000)

  it('works on the data of a server that has stopped', async () => {
    await server.close()
    // In a process of its own, where nothing was started before.
    const panal = fileURLToPath(new URL('../../server/bin/panal.js', import.meta.url))
    const args = ['gate', 'calibrate', taskId, ...few, '--only', 'flipped-labels', '--data', data]
    const { stdout } = await promisify(execFile)(process.execPath, [panal, ...args])
    expect(stdout).toMatch(/^flipped-labels +100 % /m)
  }, 60_000)
})
