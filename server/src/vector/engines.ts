import { setImmediate } from 'node:timers/promises'
import type { Clock } from '@panal/client-core'
import { type VectorEngine, VectorError } from './engine.ts'
import { probeEngines, type Probed, type RoundSize } from './probe.ts'
import { type OpenEngine, vectorEngines, type VectorEngineName, worthMeasuring } from './registry.ts'

/** Which engine an operator wants: `auto` is the fastest that is measured here. */
export type EngineSetting = 'auto' | VectorEngineName

/** What became of the engines, for the log. */
export type EngineNews =
  | { readonly type: 'chosen'; readonly engine: string; readonly device: string; readonly probed: readonly Measured[] }
  /** The one that was asked for, or one that lost its device, does not start: from now on it is wasm. */
  | { readonly type: 'unavailable'; readonly engine: string; readonly why: string }
  /** The aggregation begins anew on wasm. */
  | { readonly type: 'lost'; readonly engine: string; readonly device: string; readonly why: string }

/** As `Probed`, in words. */
export type Measured =
  { readonly name: string; readonly gbPerS: number } | { readonly name: string; readonly why: string }

export interface EnginesDeps {
  readonly setting: EngineSetting
  readonly clock: Clock
  readonly tell: (news: EngineNews) => void
  /** Those of the registry, where it is left out. */
  readonly open?: Readonly<Record<VectorEngineName, OpenEngine>> | undefined
  /** See `ProbeOptions`. */
  readonly boxMs?: number
}

/** What an engine made, and the name of one that had lost its device before that. */
export interface EngineResult<T> {
  readonly value: T
  readonly lost?: string
}

/** Lends a round's work an engine. */
export interface EngineLender {
  /** @throws what `work` throws, but for a lost device: then it runs a second time, on an engine that has none to lose */
  run<T>(work: (engine: VectorEngine) => Promise<T>): Promise<EngineResult<T>>
  /** Whether sums are worth an engine, which rules that only add could as well fold. */
  lendsForSums(updates: Summed): boolean
}

/** Updates that are to be added up. */
export interface Summed {
  /** Of all of them. */
  readonly numBytes: number
  /** Whether they lie somewhere as they are, so that an engine can read them there. */
  readonly lieInPlace: boolean
}

/** From so many bytes on, sums go to an engine of our choice, too: it takes half the time of a fold, and keeps no other waiting. */
const minSummedBytes = 64 * 2 ** 20

/** Losses one after another, with nothing finished in between, after which a device is not opened again. */
const mostLosses = 2

/**
 * The vector engine of a server. It is chosen when it is first needed, and kept. A device that is lost while it works (a
 * driver that was reset, a machine that slept) costs that aggregation a new beginning on wasm, and the next one opens the
 * device again: such a loss is mostly a single one. If it does not open, or is lost again at once, wasm stays until the
 * server is started anew: a GPU that fails each time would have every round aggregated twice.
 */
export class Engines implements EngineLender {
  readonly #deps: EnginesDeps
  readonly #open: Readonly<Record<VectorEngineName, OpenEngine>>
  #current: Promise<VectorEngine> | undefined
  #wasm: Promise<VectorEngine> | undefined
  #losses = 0
  #largest: RoundSize = { count: 0, size: 0 }
  #numRunning = 0
  #start = (largest: RoundSize): Promise<VectorEngine> => this.#choose(largest)
  readonly #life = new AbortController()

  constructor(deps: EnginesDeps) {
    this.#deps = deps
    this.#open = deps.open ?? (deps.setting === 'auto' ? worthMeasuring : vectorEngines)
  }

  /**
   * Begins to choose, if nothing was chosen yet: for the largest of the rounds that are asked for until others have had a turn.
   * @param round one that there will be
   */
  prepare(round: RoundSize): void {
    if (round.count * round.size > this.#largest.count * this.#largest.size) this.#largest = round
    this.#current ??= setImmediate().then(() => this.#start(this.#largest))
  }

  async run<T>(work: (engine: VectorEngine) => Promise<T>): Promise<EngineResult<T>> {
    this.prepare({ count: 0, size: 0 })
    const lent = this.#current!
    const engine = await lent
    this.#numRunning += 1
    try {
      const value = await work(engine)
      this.#losses = 0
      return { value }
    } catch (cause) {
      if (!(cause instanceof VectorError) || !isLoss(cause)) throw cause
      const wasm = await this.#fallback()
      if (engine === wasm) throw cause
      // Of several rounds that lose one device only the first says so.
      if (this.#current === lent) this.#lose(engine, cause.message)
      return { value: await work(wasm), lost: engine.name }
    } finally {
      this.#numRunning -= 1
      if (this.#numRunning === 0) for (const each of [engine, await this.#wasm]) each?.rest?.()
    }
  }

  /** Those of rounds that only add: always on an engine that the operator has named, on one of our choice where it pays. */
  lendsForSums({ numBytes, lieInPlace }: Summed): boolean {
    return this.#deps.setting !== 'auto' || (lieInPlace && numBytes >= minSummedBytes)
  }

  /** Nothing may run any more. A probe that is at work is broken off. */
  async close(): Promise<void> {
    this.#life.abort(new Error('the server is closing'))
    for (const opened of [this.#current, this.#wasm]) (await opened)?.close()
  }

  /** Never rejects. */
  async #choose(round: RoundSize): Promise<VectorEngine> {
    const { setting, clock, boxMs } = this.#deps
    if (setting !== 'auto') return this.#opened(setting)
    const { signal } = this.#life
    const probed = await probeEngines(this.#open, { clock, round, signal, ...(boxMs !== undefined && { boxMs }) })
    const running = probed.filter((each) => 'engine' in each).sort((a, b) => b.gbPerS - a.gbPerS)
    for (const { engine } of running.slice(1)) engine.close()
    const engine = running[0]?.engine ?? (await this.#fallback())
    const { name, device } = engine
    if (!signal.aborted) this.#deps.tell({ type: 'chosen', engine: name, device, probed: probed.map(inWords) })
    return engine
  }

  /** That engine, else wasm. */
  async #opened(name: VectorEngineName): Promise<VectorEngine> {
    try {
      return await this.#open[name]()
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      this.#deps.tell({ type: 'unavailable', engine: name, why })
      return this.#fallback()
    }
  }

  #lose(engine: VectorEngine, why: string): void {
    const { name, device } = engine
    this.#losses += 1
    const isOver = this.#losses >= mostLosses
    this.#current = undefined
    this.#start = () => (isOver ? this.#fallback() : this.#opened(name as VectorEngineName))
    engine.close()
    this.#deps.tell({ type: 'lost', engine: name, device, why })
    if (isOver) this.#deps.tell({ type: 'unavailable', engine: name, why: 'it lost its device twice running' })
  }

  #fallback(): Promise<VectorEngine> {
    return (this.#wasm ??= vectorEngines.wasm({}))
  }
}

const isLoss = ({ code }: VectorError): boolean => code === 'device-lost' || code === 'no-device'

const inWords = (probed: Probed): Measured =>
  'engine' in probed ? { name: probed.name, gbPerS: Number(probed.gbPerS.toPrecision(3)) } : probed
