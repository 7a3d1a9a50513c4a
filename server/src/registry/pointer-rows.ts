import { PanalError, type Pointers } from '@panal/client-core'
import { query, type SyncQueries } from '../store/sync-query.ts'
import type { PointerMove } from './model-version.ts'

/** Where `head`, `champion` and `anchor` point, and every move that brought them there. */
export class PointerRows {
  readonly #db: SyncQueries

  constructor(db: SyncQueries) {
    this.#db = db
  }

  /** @throws PanalError 'unknown-task' */
  read(taskId: string): Pointers {
    const rows = this.#db.all(query.selectFrom('pointers').select(['pointer', 'version']).where('task_id', '=', taskId))
    const at = Object.fromEntries(rows.map((row) => [row.pointer, row.version]))
    if (at['head'] === undefined) throw new PanalError('unknown-task')
    return { head: at['head'], champion: at['champion'] ?? null, anchor: at['anchor'] ?? null }
  }

  /** Moves one pointer and notes why. Moving it to where it is notes nothing. */
  move(move: Omit<PointerMove, 'id' | 'from'>): void {
    const { taskId, pointer, to } = move
    const select = query.selectFrom('pointers').select('version')
    const from = this.#db.first(select.where('task_id', '=', taskId).where('pointer', '=', pointer))?.version ?? null
    if (from === to) return
    this.#db.run(
      query
        .insertInto('pointers')
        .values({ task_id: taskId, pointer, version: to })
        .onConflict((conflict) => conflict.columns(['task_id', 'pointer']).doUpdateSet({ version: to })),
    )
    this.#db.run(
      query.insertInto('pointer_moves').values({
        task_id: taskId,
        pointer,
        from_version: from,
        to_version: to,
        actor: move.actor,
        reason: move.reason,
        at: move.at,
      }),
    )
  }

  /** Newest first. */
  moves(
    taskId: string,
    { pointer, limit, before }: { pointer?: PointerMove['pointer']; limit?: number; before?: number } = {},
  ): PointerMove[] {
    let select = query.selectFrom('pointer_moves').selectAll().where('task_id', '=', taskId).orderBy('id', 'desc')
    if (pointer !== undefined) select = select.where('pointer', '=', pointer)
    if (before !== undefined) select = select.where('id', '<', before)
    if (limit !== undefined) select = select.limit(limit)
    return this.#db.all(select).map((row) => ({
      id: row.id,
      taskId: row.task_id,
      pointer: row.pointer as PointerMove['pointer'],
      from: row.from_version,
      to: row.to_version,
      actor: row.actor,
      reason: row.reason,
      at: row.at,
    }))
  }

  /** Champions that a roll back can return to, the present one last: going back to one forgets those after it. */
  championHistory(taskId: string): number[] {
    const history: number[] = []
    for (const { to } of this.moves(taskId, { pointer: 'champion' }).reverse()) {
      const earlier = history.indexOf(to)
      if (earlier === -1) history.push(to)
      else history.splice(earlier + 1)
    }
    return history
  }
}
