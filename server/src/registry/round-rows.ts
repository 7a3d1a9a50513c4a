import type { RoundSummary } from '@panal/client-core'
import type { Round } from '../round/state.ts'
import { query, type SyncQueries } from '../store/sync-query.ts'

/** The rounds as they stand, with what everybody may see of them. */
export class RoundRows {
  readonly #db: SyncQueries

  constructor(db: SyncQueries) {
    this.#db = db
  }

  /** A closed round stays closed. @throws Error where it was closed already and `round` is open */
  save(round: Round, summary: RoundSummary): void {
    const changing = {
      phase: round.phase,
      state: JSON.stringify(round),
      summary: JSON.stringify(summary),
      closed_at: round.phase === 'closed' ? round.closedAt : null,
    }
    const numSaved = this.#db.run(
      query
        .insertInto('rounds')
        .values({ task_id: round.taskId, number: round.number, opened_at: round.openedAt, ...changing })
        .onConflict((conflict) => {
          const update = conflict.columns(['task_id', 'number']).doUpdateSet(changing)
          return round.phase === 'closed' ? update : update.where('rounds.phase', '!=', 'closed')
        }),
    )
    if (numSaved === 0) throw new Error(`round ${round.number} of ${round.taskId} is closed already`)
  }

  /** State and summary of one round; undefined if it was never saved. */
  find(taskId: string, number: number): { round: Round; summary: RoundSummary } | undefined {
    const row = this.#db.first(selectTask(taskId).select(['state', 'summary']).where('number', '=', number))
    return row === undefined ? undefined : { round: parseRound(row.state), summary: parseSummary(row.summary) }
  }

  /** Oldest first. */
  open(taskId: string): Round[] {
    const rows = this.#db.all(selectTask(taskId).select('state').where('phase', '!=', 'closed').orderBy('number'))
    return rows.map((row) => parseRound(row.state))
  }

  /** 0 before the first. */
  lastNumber(taskId: string): number {
    return this.#db.first(selectTask(taskId).select('number').orderBy('number', 'desc').limit(1))?.number ?? 0
  }

  /** Newest first. */
  summaries(taskId: string, { limit = 100, before }: { limit?: number; before?: number }): RoundSummary[] {
    let select = selectTask(taskId).select('summary').orderBy('number', 'desc').limit(limit)
    if (before !== undefined) select = select.where('number', '<', before)
    return this.#db.all(select).map((row) => parseSummary(row.summary))
  }
}

const selectTask = (taskId: string) => query.selectFrom('rounds').where('task_id', '=', taskId)

// Written by `save` and by nothing else.
const parseRound = (state: string) => JSON.parse(state) as Round
const parseSummary = (summary: string) => JSON.parse(summary) as RoundSummary
