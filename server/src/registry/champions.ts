import { PanalError, type Clock, type Pointers } from '@panal/client-core'
import type { AuditLog } from '../audit/audit-log.ts'
import type { SyncQueries } from '../store/sync-query.ts'
import type { PointerRows } from './pointer-rows.ts'
import type { Decision, Promotion } from './registry.ts'
import { mayBeAnchor, settle } from './settle.ts'
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

  /** Takes the anchor along where the gate itself would: it waited for a second person, say. */
  promote({ againstGate, ...decision }: Promotion): Promise<Pointers> {
    return this.#transact(() => {
      const { taskId, version } = decision
      this.requirePromotable(taskId, version, againstGate)
      const { evaluation } = this.#deps.versions.get(taskId, version)
      const { champion, anchor } = this.#deps.pointers.read(taskId)
      const isCertified = evaluation !== null && settle(evaluation, champion).outcome === 'promoted'
      return this.#decide('promoted', {
        ...decision,
        anchor: isCertified && mayBeAnchor(evaluation, anchor) ? version : anchor,
      })
    })
  }

  /** Takes an anchor back that the champion had become since: it is no measure of the next ones. */
  rollBack(decision: Decision & { readonly version?: number }): Promise<Pointers> {
    return this.#transact(() => {
      const { taskId } = decision
      const version = this.rollBackTarget(taskId, decision.version)
      return this.#decide('rolled-back', { ...decision, version, anchor: this.#anchorOf(taskId, version) })
    })
  }

  requirePromotable(taskId: string, version: number, againstGate = false): void {
    const { status, evaluation } = this.#deps.versions.get(taskId, version)
    if (status === 'unsound') throw new PanalError('not-promotable')
    if (status === 'candidate') throw new PanalError('not-promotable', 'the gate has not judged this version yet')
    if (status === 'rejected' && !againstGate)
      throw new PanalError(
        'gate-rejected',
        `the gate rejected version ${version}: ${evaluation?.reason ?? ''} To serve it nevertheless, say so: --against-gate, or againstGate`,
      )
  }

  rollBackTarget(taskId: string, wanted?: number): number {
    const { pointers } = this.#deps
    const earlier = pointers
      .championHistory(taskId)
      .slice(0, -1)
      .filter((each) => this.#isServable(taskId, each))
    const version = wanted ?? earlier.at(-1)
    if (version === undefined) throw new PanalError('nothing-to-roll-back')
    if (!earlier.includes(version))
      throw new PanalError('nothing-to-roll-back', `version ${version} is no earlier champion; promote it instead`)
    return version
  }

  /** The last sound anchor that a roll back to this version does not forget; where there is none, this version. */
  #anchorOf(taskId: string, version: number): number | null {
    const { pointers } = this.#deps
    const champions = pointers.championHistory(taskId)
    const forgotten = champions.slice(champions.indexOf(version) + 1)
    const anchors = pointers.moves(taskId, { pointer: 'anchor' }).map(({ to }) => to)
    if (anchors.length === 0) return null
    return anchors.find((each) => !forgotten.includes(each) && this.#isServable(taskId, each)) ?? version
  }

  /** One that a person promoted may have been judged again since. */
  #isServable(taskId: string, version: number): boolean {
    return this.#deps.versions.get(taskId, version).status !== 'unsound'
  }

  #decide(
    action: 'promoted' | 'rolled-back',
    decision: Decision & { version: number; anchor: number | null },
  ): Pointers {
    const { pointers, audit, clock } = this.#deps
    const { taskId, version, anchor, actor, reason } = decision
    if (reason.trim() === '') throw new PanalError('bad-request', 'a reason is needed')
    decision.alongside?.()
    const { champion } = pointers.read(taskId)
    if (champion === version) return pointers.read(taskId)
    const move = { taskId, actor, reason, at: clock.now() }
    pointers.move({ ...move, pointer: 'champion', to: version })
    if (anchor !== null) pointers.move({ ...move, pointer: 'anchor', to: anchor })
    const { status } = this.#deps.versions.get(taskId, version)
    audit.append({ actor, action, detail: { taskId, version, status, previous: champion, reason } })
    return pointers.read(taskId)
  }

  /** A refusal inside rejects the promise. */
  #transact<Result>(work: () => Result): Promise<Result> {
    return new Promise((resolve) => resolve(this.#deps.db.transaction(work)))
  }
}
