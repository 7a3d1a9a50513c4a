import { initialParams, PanalError, type Clock, type TaskCard } from '@panal/client-core'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Examiner } from '../gate/contract.ts'
import { query, type SyncQueries } from '../store/sync-query.ts'
import { checkData } from './check-data.ts'
import { invalidTask, makeTask, taskCard } from './make-task.ts'
import type { Registry } from './registry.ts'
import { parseTaskDocument } from './parse-task.ts'
import type { TaskDocument } from './task-document.ts'
import type { Task } from './task.ts'

export interface TaskStoreDeps {
  readonly db: SyncQueries
  readonly examiner: Examiner
  readonly clock: Clock
  readonly audit: AuditLog
  readonly registry: Registry
}

interface Entry {
  readonly task: Task
  paused: boolean
}

/** The tasks of this server: their documents as rows, and each built once, ready to run. */
export class TaskStore {
  readonly #deps: TaskStoreDeps
  readonly #entries = new Map<string, Entry>()

  private constructor(deps: TaskStoreDeps) {
    this.#deps = deps
  }

  /** Builds every stored task. */
  static async load(deps: TaskStoreDeps): Promise<TaskStore> {
    const store = new TaskStore(deps)
    const rows = deps.db.all(query.selectFrom('tasks').select(['document', 'paused']).orderBy('id'))
    for (const { document, paused } of rows) {
      // Checked when it was created.
      const task = await makeTask(JSON.parse(document) as TaskDocument)
      store.#entries.set(task.id, { task, paused: paused === 1 })
    }
    return store
  }

  has(taskId: string): boolean {
    return this.#entries.has(taskId)
  }

  /** @throws PanalError 'unknown-task' */
  get(taskId: string): Task {
    return this.#entry(taskId).task
  }

  /** Sorted by id. */
  list(): Task[] {
    return [...this.#entries.values()].map(({ task }) => task).sort((a, b) => (a.id < b.id ? -1 : 1))
  }

  /** @throws PanalError 'unknown-task' */
  card(taskId: string): TaskCard {
    const { task, paused } = this.#entry(taskId)
    return taskCard(task, paused)
  }

  /** @throws PanalError 'unknown-task' */
  isPaused(taskId: string): boolean {
    return this.#entry(taskId).paused
  }

  /**
   * Checks the document, the model and the data, and makes version 0 from the document's seed. Its rounds are for the
   * caller to start. `warnings` are sentences for the person who creates it.
   * @throws PanalError 'invalid-task' | 'task-exists' | 'unknown-dataset' | 'invalid-dataset'
   */
  async create(value: unknown, actor: string): Promise<{ task: Task; warnings: string[] }> {
    const parsed = parseTaskDocument(value)
    if (!parsed.ok) throw invalidTask(parsed.errors)
    const { document } = parsed
    if (this.has(document.id)) throw new PanalError('task-exists', `a task with the id ${document.id} exists already`)
    const task = await makeTask(document)
    const warnings = await checkData(document, this.#deps)
    await this.#deps.registry.createTask(task, await initialParams(task.topology, document.seed), actor)
    this.#entries.set(task.id, { task, paused: false })
    return { task, warnings }
  }

  /** @throws PanalError 'unknown-task' */
  setPaused(taskId: string, paused: boolean, actor: string): void {
    const entry = this.#entry(taskId)
    if (entry.paused === paused) return
    const { db, audit } = this.#deps
    db.transaction(() => {
      db.run(
        query
          .updateTable('tasks')
          .set({ paused: paused ? 1 : 0 })
          .where('id', '=', taskId),
      )
      audit.append({ actor, action: paused ? 'task-paused' : 'task-resumed', detail: { taskId } })
    })
    entry.paused = paused
  }

  #entry(taskId: string): Entry {
    const entry = this.#entries.get(taskId)
    if (entry === undefined) throw new PanalError('unknown-task')
    return entry
  }
}
