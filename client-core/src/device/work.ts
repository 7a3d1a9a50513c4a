import type { Assignment } from '../protocol/messages.ts'
import { childController, type ChildController } from '../transport/abort.ts'
import type { WorkState } from './perform.ts'

/** The assignment in hand, and how far the work on it is. */
export class Work {
  readonly assignment: Assignment
  readonly #controller: ChildController
  state: WorkState

  /** Ends with `life` at the latest. */
  constructor(assignment: Assignment, life: AbortSignal) {
    this.assignment = assignment
    this.#controller = childController(life)
    this.state = { state: 'downloading', roundNumber: assignment.roundNumber, fraction: 0 }
  }

  get roundNumber(): number {
    return this.assignment.roundNumber
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Stops whatever of it still runs, its deadline included. */
  end(): void {
    this.#controller.release()
    this.#controller.abort()
  }
}
