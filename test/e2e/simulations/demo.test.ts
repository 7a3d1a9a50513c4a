import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { plainScreen, runDemo, type DemoOptions } from '@panal/simulations'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panal-demo-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const options = (changes: Partial<DemoOptions> = {}): DemoOptions => ({
  task: 'credit',
  devices: 12,
  workers: 2,
  partition: 'iid',
  alpha: 0.5,
  engine: 'native',
  host: '127.0.0.1',
  port: 0,
  dataFolder: folder,
  keep: false,
  once: true,
  maxRounds: 40,
  seed: 1,
  restMs: 0,
  ...changes,
})

/** A screen whose lines can be looked at. */
function captured() {
  const lines: string[] = []
  const screen = plainScreen((text) => lines.push(...text.split('\n').filter((line) => line.trim() !== '')))
  return { lines, screen }
}

describe('demo', () => {
  it('trains the credit task over real sockets until the gate promotes a model, and stops', async () => {
    const { lines, screen } = captured()
    const end = await runDemo(options(), screen, new AbortController().signal)
    expect(end.outcome).toBe('promoted')
    const promoted = lines.find((line) => line.startsWith('PROMOTED'))
    const accuracy = Number(/(?:PASS|WARN): about (\d+) % right on the 890 gate examples/.exec(promoted ?? '')?.[1])
    expect(accuracy).toBeGreaterThanOrEqual(75)
    expect(lines.filter((line) => /^device \d+/.test(line))).toEqual([])
  }, 120_000)

  it('ends when it is told to, whatever it is doing', async () => {
    const { screen } = captured()
    const stop = new AbortController()
    const ended = runDemo(options({ once: false }), { ...screen, showRounds: () => stop.abort() }, stop.signal)
    expect(await ended).toEqual({ outcome: 'stopped' })
  }, 120_000)

  it('goes on where an earlier run stopped, and otherwise begins afresh', async () => {
    await runDemo(options({ maxRounds: 1 }), captured().screen, new AbortController().signal)
    const kept = captured()
    await runDemo(options({ keep: true, maxRounds: 2 }), kept.screen, new AbortController().signal)
    // The earlier run may have closed another round while it stopped.
    const numbers = kept.lines.flatMap((line) => /^(\d+) /.exec(line)?.[1] ?? []).map(Number)
    expect(numbers.length).toBeGreaterThan(0)
    expect(Math.min(...numbers)).toBeGreaterThan(1)
    const fresh = captured()
    await runDemo(options({ maxRounds: 1 }), fresh.screen, new AbortController().signal)
    expect(fresh.lines.some((line) => line.startsWith('1 '))).toBe(true)
  }, 120_000)

  it('deletes nothing from a folder that holds other files', async () => {
    await writeFile(join(folder, 'thesis.txt'), 'mine')
    const refused = runDemo(options(), captured().screen, new AbortController().signal)
    await expect(refused).rejects.toMatchObject({ code: 'invalid-config' })
    expect(await readdir(folder)).toEqual(['thesis.txt'])
  })
})
