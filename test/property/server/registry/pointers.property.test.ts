import fc from 'fast-check'
import { beforeEach, expect, it } from '@jest/globals'
import { PanalError } from '@panal/client-core'
import { concluded, report, twoParamTask } from '../../../fixtures/registry-rounds.ts'
import { useTempStore } from '../../../fixtures/temp-store.ts'

const store = useTempStore()
let numTasks = 0
beforeEach(() => {
  numTasks = 0
})

const step = fc.oneof(
  fc.record({
    do: fc.constant('round' as const),
    verdict: fc.constantFrom('PASS', 'BLOCK', 'NOT_ENOUGH_DATA'),
    sound: fc.boolean(),
  }),
  fc.record({
    do: fc.constant('judge' as const),
    version: fc.nat(8),
    verdict: fc.constantFrom('PASS', 'BLOCK', 'NOT_ENOUGH_DATA', 'ERROR'),
    sound: fc.boolean(),
  }),
  fc.record({ do: fc.constant('promote' as const), version: fc.nat(8) }),
  fc.record({ do: fc.constant('rollBack' as const), version: fc.option(fc.nat(8), { nil: undefined }) }),
  fc.record({ do: fc.constant('restart' as const) }),
)

const judgements = (taskId: string) =>
  store.registry.versions(taskId).flatMap(({ version }) => store.registry.judgements(taskId, version))

/** Expected refusals are part of the game; anything else is a bug. */
const unlessRefused = (error: unknown) => {
  if (!(error instanceof PanalError)) throw error
}

it('whatever people and gates decide: pointers stay at sound versions, moves and audit tell the same story', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const taskId = `task-${numTasks++}`
      const { registry } = store
      await registry.createTask(twoParamTask(taskId), Float32Array.of(0, 0), 'ada')
      const decision = { taskId, actor: 'ada', reason: 'a test' }
      const again = new Set<number>()
      for (const each of steps) {
        const before = store.registry.pointers(taskId)
        const numJudged = judgements(taskId).length
        if (each.do === 'round') await concluded(store, { taskId, verdict: each.verdict as 'PASS', sound: each.sound })
        if (each.do === 'promote')
          await store.registry.promote({ ...decision, version: each.version }).catch(unlessRefused)
        if (each.do === 'rollBack')
          await store.registry
            .rollBack({ ...decision, ...(each.version !== undefined && { version: each.version }) })
            .catch(unlessRefused)
        if (each.do === 'judge')
          await store.registry
            .judgedAgain(
              report(each.version, before.champion, { taskId, verdict: each.verdict as 'PASS', sound: each.sound }),
              twoParamTask(),
              { actor: 'ada' },
            )
            .then(({ version }) => again.add(version), unlessRefused)
        if (each.do === 'restart') await store.reopen()
        const { head, champion, anchor } = store.registry.pointers(taskId)
        // Head only moves forward, and never to what is unsound; once there is a champion there always is one.
        expect(head).toBeGreaterThanOrEqual(before.head)
        // Training has gone on from a version that was judged again, whatever was found then.
        for (const version of [again.has(head) ? null : head, champion, anchor])
          if (version !== null) expect(store.registry.version(taskId, version).status).not.toBe('unsound')
        // No judgement is lost.
        expect(judgements(taskId).length).toBeGreaterThanOrEqual(numJudged)
        if (before.champion !== null) expect(champion).not.toBeNull()
        // No report here claims to be better than the anchor: only a roll back moves it.
        if (before.anchor !== null && each.do !== 'rollBack') expect(anchor).toBe(before.anchor)
        if (before.anchor !== null) expect(anchor).not.toBeNull()
      }
      const versions = store.registry.versions(taskId).map(({ version }) => version)
      expect(versions).toEqual(versions.map((_, i) => versions.length - 1 - i))
      for (const pointer of ['head', 'champion', 'anchor'] as const) {
        const moves = store.registry.moves(taskId).filter((move) => move.pointer === pointer)
        expect(moves[0]?.to ?? null).toBe(store.registry.pointers(taskId)[pointer])
        // Each move starts where the one before it ended.
        moves.forEach((move, i) => expect(move.from).toBe(moves[i + 1]?.to ?? null))
      }
      expect(await store.audit.verify()).toMatchObject({ ok: true })
    }),
    { numRuns: 40, seed: 20 },
  )
})
