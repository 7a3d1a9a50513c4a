import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { systemClock } from '@panal/client-core'
import { makeEvaluator, makeGate, type GateSubject, type TaskDocument } from '@panal/server'
import { bytesToParams } from '../../../server/src/store/params-bytes.ts'

/** What is to be judged: `judging.json` of the folder that is named, beside blobs named by their digests. */
export interface Judging {
  readonly document: TaskDocument
  /** Digests of the weights: anchor, champion, and the candidates, one after another. */
  readonly versions: readonly string[]
}

/** One judgement, and what it took. */
export interface Judged {
  readonly verdict: string
  /** Of all threads. */
  readonly cpuSeconds: number
  readonly wallSeconds: number
  /** The longest that the main thread heard nobody. */
  readonly stallMs: number
  /** The most that the process has held so far. */
  readonly peakBytes: number
}

/** How often the main thread is looked at; what it was late by is counted. */
const resolutionMs = 5

const folder = process.argv[2] ?? '.'
const read = (name: string): Promise<Uint8Array> => readFile(join(folder, name))
const { document, versions } = JSON.parse(await readFile(join(folder, 'judging.json'), 'utf8')) as Judging
const gate = makeGate({
  evaluator: makeEvaluator({ readBlob: read }),
  clock: systemClock({ setTimeout, clearTimeout }),
  loadParams: async (_, { weightsSha256 }) => bytesToParams(await read(weightsSha256)),
})

async function judge(candidate: number): Promise<Judged> {
  const ref = (version: number) => ({ version, weightsSha256: versions[version]! })
  const subject: GateSubject = {
    document,
    candidate: ref(candidate),
    base: ref(candidate - 1),
    champion: ref(1),
    anchor: ref(0),
  }
  const used = process.cpuUsage()
  const begun = performance.now()
  const delay = monitorEventLoopDelay({ resolution: resolutionMs })
  delay.enable()
  const { verdict } = await gate.judge(subject, new AbortController().signal, (check, numDone, numChecks) =>
    console.error(`judging: ${check}, ${numDone + 1} of ${numChecks}`),
  )
  delay.disable()
  const { user, system } = process.cpuUsage(used)
  return {
    verdict,
    cpuSeconds: (user + system) / 1e6,
    wallSeconds: (performance.now() - begun) / 1e3,
    stallMs: Math.max(0, delay.max / 1e6 - resolutionMs),
    peakBytes: process.resourceUsage().maxRSS * 1024,
  }
}

const judged: Judged[] = []
for (let candidate = 2; candidate < versions.length; candidate++) judged.push(await judge(candidate))
await gate.close()
console.log(JSON.stringify(judged))
