import type { TaskCard } from '@panal/client-core'
import { openWorker } from './open-worker.ts'
import type { BackendName, FromWorker, OwnModel, PredictInput, ToWorker } from './worker-messages.ts'

export interface ChampionState {
  /** Version that answers now; null until the first one is loaded. */
  readonly version: number | null
  readonly backend: BackendName | null
  /** P(class), in the order of the schema's classes, for the newest question; null before there is one. */
  readonly probabilities: readonly number[] | null
  /** This browser's own model, and its answer to the same question; null where it has none. */
  readonly own: OwnModel | null
  readonly ownProbabilities: readonly number[] | null
  readonly failure: string | null
}

export const noChampion: ChampionState = {
  version: null,
  backend: null,
  probabilities: null,
  own: null,
  ownProbabilities: null,
  failure: null,
}

/** The champion in a worker. Of questions that come faster than answers, only the newest is put. */
export class ChampionClient {
  readonly #worker: Worker
  readonly #onChange: (state: ChampionState) => void
  #state = noChampion
  #wanted: number | null = null
  #question: PredictInput | null = null
  #requestId = 0
  #isAsking = false
  #isAnswered = true

  constructor(onChange: (state: ChampionState) => void) {
    this.#onChange = onChange
    this.#worker = openWorker((message) => this.#receive(message))
  }

  /** Loads this version of the task's model, unless it is the one that was asked for last. */
  load(card: TaskCard, version: number, backend: BackendName | 'auto'): void {
    if (version === this.#wanted) return
    this.#wanted = version
    this.#post({ type: 'load-model', card, url: modelUrl(card.id, version), backend })
  }

  /** A new question; null takes the last one back. */
  ask(question: PredictInput | null): void {
    this.#question = question
    this.#isAnswered = question === null
    if (question === null) this.#show({ probabilities: null, ownProbabilities: null })
    this.#next()
  }

  /** From now on the shared model alone answers: its owner has forgotten this browser's own. */
  dropOwn(): void {
    this.#post({ type: 'drop-own' })
  }

  close(): void {
    this.#worker.terminate()
  }

  #receive(message: FromWorker): void {
    if (message.type === 'backend') this.#show({ backend: message.chosen })
    if (message.type === 'model-loaded') {
      this.#show({ version: this.#wanted, own: message.own, failure: null })
      this.#isAnswered = this.#question === null // the same question, to the new model
      this.#next()
    }
    // in the worker's order, so that a load that had still seen the model does not bring it back
    if (message.type === 'own-dropped') this.#show({ own: null, ownProbabilities: null })
    if (message.type === 'predicted') {
      this.#isAsking = false
      if (this.#question !== null) this.#show({ probabilities: message.probabilities, ownProbabilities: message.own })
      this.#next()
    }
    if (message.type === 'failed') {
      this.#isAsking = false
      this.#show({ failure: message.detail })
    }
  }

  #next(): void {
    if (this.#isAsking || this.#isAnswered || this.#question === null || this.#state.version === null) return
    this.#isAsking = true
    this.#isAnswered = true
    this.#post({ type: 'predict', requestId: ++this.#requestId, input: this.#question })
  }

  #show(change: Partial<ChampionState>): void {
    this.#state = { ...this.#state, ...change }
    this.#onChange(this.#state)
  }

  #post(message: ToWorker): void {
    this.#worker.postMessage(message)
  }
}

const modelUrl = (taskId: string, version: number): string =>
  `${location.origin}/v1/tasks/${encodeURIComponent(taskId)}/models/${version}`
