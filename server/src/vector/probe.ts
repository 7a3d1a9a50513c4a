import { setImmediate } from 'node:timers/promises'
import { makeRng, type Clock } from '@panal/client-core'
import { endsWithin } from '../ends-within.ts'
import type { Rows, VectorEngine } from './engine.ts'
import { rowsAt } from './places.ts'
import type { OpenEngine } from './registry.ts'

/** What was found of one engine: how fast it is, or why it does not run here. */
export type Probed =
  | { readonly name: string; readonly engine: VectorEngine; readonly gbPerS: number; readonly numParams: number }
  | { readonly name: string; readonly why: string }

/** How many updates of how many params. */
export interface RoundSize {
  readonly count: number
  readonly size: number
}

export interface ProbeOptions {
  readonly clock: Clock
  /** The largest round that there is. */
  readonly round: RoundSize
  /** Longest time for one engine, its start included; an operation that is at work then is not waited for. */
  readonly boxMs?: number
  /** Breaks it off. */
  readonly signal?: AbortSignal
}

/** Of many updates an engine computes most, of few it reads most: not every machine has the same engine for both. */
const [fewest, most] = [8, 100]
/** Updates so long or shorter are measured, and so many values of all: from here on all engines work tile after tile, and more tells nothing new. */
const longest = 2 ** 18
const mostValues = 2 ** 23
const shortest = 2 ** 12
/** A size is measured again until so much time has passed: a clock has milliseconds. */
const leastMs = 25
const mostRuns = 64
const numTurns = 3
const defaultBoxMs = 2_000

/**
 * Measures each engine on as many updates as a round has, short ones first and four times as long ones next, for as long as its time box
 * lasts: every operation that rules are made of, reading included. One after another, in the order of the names; others
 * have their turn before each tile. Never rejects: what goes wrong is why that engine does not run here.
 */
export async function probeEngines(
  engines: Readonly<Record<string, OpenEngine>>,
  options: ProbeOptions,
): Promise<Probed[]> {
  const probed: Probed[] = []
  for (const [name, open] of Object.entries(engines)) {
    if (options.signal?.aborted === true) break
    probed.push(await probeOne(name, open, options))
  }
  return probed
}

async function probeOne(name: string, open: OpenEngine, options: ProbeOptions): Promise<Probed> {
  const { clock, boxMs = defaultBoxMs, signal } = options
  const over = new AbortController()
  const stop = () => over.abort(signal?.reason)
  signal?.addEventListener('abort', stop, { once: true })
  const found: { engine?: VectorEngine; best?: { readonly gbPerS: number; readonly numParams: number } } = {}
  const refused = (why: string): Probed => {
    found.engine?.close()
    return { name, why }
  }
  const isOver = () => over.signal.aborted
  const measuring = async () => {
    const engine = await open()
    if (isOver()) {
      engine.close()
      return
    }
    found.engine = engine
    const count = Math.min(Math.max(options.round.count, fewest), most)
    for (const numParams of sizes(options.round.size, count)) {
      const gbPerS = await measure(engine, { count, size: numParams }, { clock, isOver })
      if (isOver()) return
      found.best = { gbPerS, numParams }
    }
  }
  const work = measuring()
  try {
    const timeIsUp = clock.sleep(boxMs, over.signal).then(() => `took longer than ${boxMs} ms`)
    const why = await Promise.race([work, timeIsUp])
    if (found.engine === undefined || found.best === undefined) return refused(why ?? 'could not be measured')
    over.abort()
    // one that hangs would let a round hang
    if (!(await endsWithin(boxMs, work, clock))) return refused(`an operation did not end in ${2 * boxMs} ms`)
    return { name, engine: found.engine, ...found.best }
  } catch (error) {
    return refused(error instanceof Error ? error.message : String(error))
  } finally {
    signal?.removeEventListener('abort', stop)
    over.abort()
    work.catch(() => undefined) // it was not waited for, or is the reason above
  }
}

/** Lengths to measure, in params. */
function sizes(size: number, count: number): number[] {
  const last = Math.min(Math.max(size, shortest), longest, Math.floor(mostValues / count))
  const lengths: number[] = []
  for (let length = shortest; length < last; length *= 4) lengths.push(length)
  return [...lengths, last]
}

/**
 * Bytes of updates read by all operations in all, over the time they took: 10⁹ a second. The first run only warms up. The
 * best of some turns: what a server has to do beside makes a turn slower, and none faster.
 */
async function measure(
  engine: VectorEngine,
  round: RoundSize,
  { clock, isOver }: { readonly clock: Clock; readonly isOver: () => boolean },
): Promise<number> {
  const rows = probeRows(round)
  await everyOperation(engine, rows)
  const bytesOfRun = numOperations * round.count * round.size * 4
  let best = 0
  for (let turn = 0; turn < numTurns && !isOver(); turn++) {
    let numRuns = 0
    const startedAt = clock.now()
    const elapsed = () => Math.max(1, clock.now() - startedAt)
    while (numRuns < mostRuns && !isOver() && (numRuns === 0 || elapsed() < leastMs)) {
      await everyOperation(engine, rows)
      numRuns += 1
    }
    best = Math.max(best, (numRuns * bytesOfRun) / elapsed() / 1e6)
  }
  return best
}

const numOperations = 3

async function everyOperation(engine: VectorEngine, rows: Rows): Promise<void> {
  await engine.weightedSum(rows, new Float64Array(rows.count).fill(1), rows.count)
  await engine.squaredDistances(rows)
  await engine.select(rows, { by: 'median' })
}

/** What the values are makes no difference to how long it takes: each row repeats one block, from another place on. */
function probeRows({ count, size }: RoundSize): Rows {
  const rng = makeRng('probe')
  const block = Float32Array.from({ length: shortest + count }, () => rng.uniform() - 0.5)
  const places = Array.from({ length: count }, (_, k) => {
    const at = new Float32Array(new SharedArrayBuffer(4 * size)) // as updates are held: threads read it, too
    for (let i = 0; i < size; i += shortest) at.set(block.subarray(k, k + Math.min(shortest, size - i)), i)
    return at
  })
  const rows = rowsAt(places, size)
  const read: Rows['read'] = async (...part) => {
    await setImmediate()
    await rows.read(...part)
  }
  return { ...rows, read }
}
