/**
 * An experiment over a population of `DEVICES`, in a process of its own: says as a line of JSON how long it took to begin, what
 * each round took after the first, and what memory the process holds.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@panal/client-core'
import { parseExperiment, runExperiment } from '@panal/simulations'

const devices = Number(process.argv[2])
const experiment = parseExperiment({
  name: 'population',
  data: { name: 'blobs', examples: 1000, features: 4, classes: 3 },
  devices,
  partition: { name: 'iid', perDevice: 20 },
  model: { builtin: 'mlp', hidden: [8] },
  plan: { epochs: 1, batchSize: 10, learningRate: 0.1 },
  cohort: { size: 100 },
  rounds: 40,
  evaluateEvery: 40,
})
const folder = await mkdtemp(join(tmpdir(), 'panal-population-'))
const begun = performance.now()
let before = NaN
let setupSeconds = NaN
const roundMs: number[] = []
const events = {
  onNote: () => undefined,
  onResumed: () => (setupSeconds = (performance.now() - begun) / 1000),
  onDevice: () => undefined,
  onRound() {
    const now = performance.now()
    if (!Number.isNaN(before)) roundMs.push(now - before)
    before = now
  },
}
const clock = systemClock({ setTimeout, clearTimeout })
const options = { experiment, seed: 1, home: '.', folder: join(folder, 'run'), resume: false, clock }
await runExperiment(options, events, new AbortController().signal)
await rm(folder, { recursive: true })
console.log(JSON.stringify({ setupSeconds, roundMs, peakBytes: process.resourceUsage().maxRSS * 1024 }))
