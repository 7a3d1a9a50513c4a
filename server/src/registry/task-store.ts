import { canonicalJson, initialParams, PanalError, type Clock, type TaskCard } from '@panal/client-core'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Examiner } from '../gate/contract.ts'
import { query, type SyncQueries } from '../store/sync-query.ts'
import { withOtherSets } from './change-sets.ts'
import { checkData, gateContentsOf } from './check-data.ts'
import { invalidTask, makeTask, taskCard } from './make-task.ts'
import { LookRows } from './look-rows.ts'
import type { Registry } from './registry.ts'
import { parseTaskDocument } from './parse-task.ts'
import type { EvaluationSets, TaskDocument } from './task-document.ts'
import type { Task } from './task.ts'

export interface TaskStoreDeps {
  readonly db: SyncQueries
  readonly examiner: Examiner
  readonly clock: Clock
  readonly audit: AuditLog
  readonly registry: Registry
}

interface Entry {
  task: Task
  paused: boolean
  /** Changes of its sets, one after the other: each is checked against what the one before has left. */
  changing: Promise<unknown>
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
      store.#entries.set(task.id, { task, paused: paused === 1, changing: Promise.resolve() })
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
    const { warnings, gateContents } = await checkData(document, this.#deps)
    new LookRows(this.#deps.db).noteContents(document.sets.gate, gateContents)
    await this.#deps.registry.createTask(task, await initialParams(task.topology, document.seed), actor)
    this.#entries.set(task.id, { task, paused: false, changing: Promise.resolve() })
    return { task, warnings }
  }

  /**
   * Judges by other sets from now on; those that are not named stay. Nothing of it concerns a device. Warnings as of
   * `create`. @throws PanalError 'unknown-task' | 'invalid-task' | 'unknown-dataset' | 'invalid-dataset'
   */
  changeSets(
    taskId: string,
    changes: Partial<EvaluationSets>,
    actor: string,
  ): Promise<{ task: Task; warnings: string[] }> {
    const entry = this.#entry(taskId)
    const change = entry.changing.then(() => this.#changeSets(entry, changes, actor))
    entry.changing = change.catch(() => undefined)
    return change
  }

  async #changeSets(entry: Entry, changes: Partial<EvaluationSets>, actor: string) {
    const { id: taskId, document: earlier } = entry.task
    const { document, warnings, gateContents } = await withOtherSets(earlier, changes, this.#deps)
    if (canonicalJson(document.sets) === canonicalJson(earlier.sets)) return { task: entry.task, warnings }
    const task = { ...entry.task, document }
    const { db, audit, examiner } = this.#deps
    const looks = new LookRows(db)
    // Of a task that was made before contents were noted, what is in the set that it leaves.
    const left = looks.knowsContents(earlier.sets.gate) ? null : await gateContentsOf(earlier, examiner)
    db.transaction(() => {
      if (left !== null) looks.noteContents(earlier.sets.gate, left)
      looks.noteContents(document.sets.gate, gateContents)
      db.run(
        query
          .updateTable('tasks')
          .set({ document: JSON.stringify(document) })
          .where('id', '=', taskId),
      )
      audit.append({ actor, action: 'sets-changed', detail: { taskId, before: earlier.sets, now: document.sets } })
    })
    entry.task = task
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
