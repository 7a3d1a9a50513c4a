import { createPublicKey, verify } from 'node:crypto'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import { reportDigest, verifyReport, type VerifyEd25519 } from '@panal/client-core'
import { ServerKeys } from '../../../../server/src/keys/server-keys.ts'
import { SqlRegistry } from '../../../../server/src/registry/sql-registry.ts'
import { query } from '../../../../server/src/store/sync-query.ts'
import { concluded, proposed, report, twoParamTask } from '../../../fixtures/registry-rounds.ts'
import { useTempStore } from '../../../fixtures/temp-store.ts'

const store = useTempStore()
let keys: ServerKeys
let registry: SqlRegistry
beforeEach(async () => {
  keys = await ServerKeys.load(store)
  registry = new SqlRegistry({ ...store, codeVersion: 'test', keys })
  await registry.createTask(twoParamTask(), Float32Array.of(0, 1), 'ada')
})

const byNode: VerifyEd25519 = async (key, signature, bytes) =>
  verify(null, bytes, createPublicKey({ key, format: 'jwk' }), signature)

/** A version that this registry, which has keys, concluded. */
async function judged(): Promise<number> {
  const round = await proposed(store)
  await registry.conclude(round, report(round.candidateVersion, null), twoParamTask())
  return round.candidateVersion
}

/** As somebody with the file can: what forbids it is in the file as well. */
function rewrite(version: number, changed: object): void {
  const change = query
    .updateTable('judgements')
    .set({ report: JSON.stringify(changed) })
    .where('version', '=', version)
  expect(() => store.db.run(change)).toThrow('append-only')
  store.db.run({ compile: () => sql`drop trigger judgements_no_update`.compile(query) })
  store.db.run(change)
}

describe('a concluded version', () => {
  it('has a report that the server signed, with the digest of its weights as subject', async () => {
    const version = await judged()
    const signed = registry.judgement('digits', version)?.signed
    expect(signed).toEqual({
      report: report(version, null),
      signature: {
        statement: 'gate-report',
        taskId: 'digits',
        version,
        weightsSha256: registry.version('digits', version).weightsSha256,
        reportSha256: reportDigest(report(version, null)),
        keyId: keys.id,
        signature: expect.any(String),
      },
    })
    expect(await verifyReport(signed!, keys.publicSet, byNode)).toMatchObject({ ok: true })
  })

  it('whose report somebody changes in the database gets no new signature', async () => {
    const version = await judged()
    rewrite(version, report(version, null, { verdict: 'PASS', reason: 'all is well' }))
    const signed = registry.judgement('digits', version)?.signed
    expect(signed?.report.reason).toBe('all is well')
    expect(await verifyReport(signed!, keys.publicSet, byNode)).toEqual({
      ok: false,
      because: 'the report is not the one that was signed',
    })
  })

  it('keeps its report word for word, whatever form reports have later', async () => {
    const version = await judged()
    const old = {
      ...report(version, null),
      checks: [{ check: 'floor', verdict: 'PASS', reason: 'High.', metric: 'accuracy' }],
    }
    rewrite(version, old)
    expect(registry.judgement('digits', version)?.signed.report).toEqual(old)
    expect(registry.version('digits', version).evaluation?.checks[0]?.rows).toHaveLength(1)
  })

  it('has no signature where the registry has no keys', async () => {
    await concluded(store)
    expect(registry.judgement('digits', 1)?.signed).toMatchObject({ signature: null })
  })
})

describe('a version that was not judged', () => {
  it('has no report', async () => {
    expect(registry.judgement('digits', 0)).toBeUndefined()
    expect(() => registry.judgement('digits', 7)).toThrow(expect.objectContaining({ code: 'unknown-version' }))
  })
})

describe('the history of looks', () => {
  it('tells each judgement with its verdict, oldest first', async () => {
    await concluded(store, { verdict: 'PASS' })
    await concluded(store, { verdict: 'BLOCK' })
    await concluded(store, { datasetDigests: { evaluation: '1'.repeat(64), gate: '9'.repeat(64) } })
    expect(registry.lookHistory('3'.repeat(64))).toEqual([
      { taskId: 'digits', version: 1, at: 1_000_000, verdict: 'PASS' },
      { taskId: 'digits', version: 2, at: 1_000_000, verdict: 'BLOCK' },
    ])
  })
})
