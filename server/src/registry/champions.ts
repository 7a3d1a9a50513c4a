import { PanalError, type Clock, type Pointers } from '@panal/client-core'
import type { AuditLog } from '../audit/audit-log.ts'
import type { SyncQueries } from '../store/sync-query.ts'
import type { PointerRows } from './pointer-rows.ts'
import type { Decision } from './registry.ts'
import type { VersionRows } from './version-rows.ts'

export interface ChampionsDeps {
  readonly db: SyncQueries
  readonly clock: Clock
  readonly audit: AuditLog
  readonly versions: VersionRows
  readonly pointers: PointerRows
}

/** Champions that people decide on: each move with a reason, and with a row in the audit log. */
export class Champions {
  readonly #deps: ChampionsDeps

  constructor(deps: ChampionsDeps) {
    this.#deps = deps
  }

  promote(decision: Decision & { readonly version: number }): Promise<Pointers> {
    return this.#transact(() => {
      this.requirePromotable(decision.taskId, decision.version)
      return this.#decide('promoted', decision)
    })
  }

  rollBack(decision: Decision & { readonly version?: number }): Promise<Pointers> {
    return this.#transact(() => {
      const version = this.rollBackTarget(decision.taskId, decision.version)
      return this.#decide('rolled-back', { ...decision, version })
    })
  }

  requirePromotable(taskId: string, version: number): void {
    const { status } = this.#deps.versions.get(taskId, version)
    if (status === 'unsound') throw new PanalError('not-promotable')
    if (status === 'candidate') throw new PanalError('not-promotable', 'the gate has not judged this version yet')
  }

  rollBackTarget(taskId: string, wanted?: number): number {
    const { pointers, versions } = this.#deps
    // One that a person promoted may have been judged again since.
    const isServable = (version: number) => versions.get(taskId, version).status !== 'unsound'
    const earlier = pointers.championHistory(taskId).slice(0, -1).filter(isServable)
    const version = wanted ?? earlier.at(-1)
    if (version === undefined) throw new PanalError('nothing-to-roll-back')
    if (!earlier.includes(version))
      throw new PanalError('nothing-to-roll-back', `version ${version} is no earlier champion; promote it instead`)
    return version
  }

  #decide(action: 'promoted' | 'rolled-back', decision: Decision & { version: number }): Pointers {
    const { pointers, audit, clock } = this.#deps
    const { taskId, version, actor, reason } = decision
    if (reason.trim() === '') throw new PanalError('bad-request', 'a reason is needed')
    decision.alongside?.()
    const { champion } = pointers.read(taskId)
    if (champion === version) return pointers.read(taskId)
    pointers.move({ taskId, pointer: 'champion', to: version, actor, reason, at: clock.now() })
    audit.append({ actor, action, detail: { taskId, version, previous: champion, reason } })
    return pointers.read(taskId)
  }

  /** A refusal inside rejects the promise. */
  #transact<Result>(work: () => Result): Promise<Result> {
    return new Promise((resolve) => resolve(this.#deps.db.transaction(work)))
  }
}
