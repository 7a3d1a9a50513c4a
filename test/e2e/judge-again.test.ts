import { createPublicKey, verify } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { verifyReport, type Promoted, type ServerKeySet, type VerifyEd25519 } from '@panal/client-core'
import type { ReportView } from '../../server/src/gate/report/reports.ts'
import type { Judging } from '../../server/src/gate/judge-again.ts'
import type { Judgement } from '../../server/src/registry/model-version.ts'
import { holdTheSecond } from '../fixtures/held-version.ts'
import { addDataset, randomImages, useLiveServer, type LiveServer } from '../fixtures/live-server.ts'
import { asLocalOwner, localToken, signedIn, tokenOf } from '../fixtures/people.ts'
import { ask, next, openSocket } from '../fixtures/raw-device.ts'
import { answerOf } from '../fixtures/raw-http.ts'
import { digitsLike } from '../fixtures/task-document.ts'
import { panalHere, type CliOutcome } from '../fixtures/panal-here.ts'

interface Found {
  readonly judgements: readonly Judgement[]
  readonly judging: Judging | null
}

/** 400 others than the 60 there are, by seed. */
const moreImages = () => randomImages(digitsLike(), 400, 9)
const of = (version: number) => `/v1/tasks/digits/versions/${version}`
const found = async (live: LiveServer, version = 2) =>
  (await (await live.fetch(`${of(version)}/judgements`)).json()) as Found
const pointersOf = async (live: LiveServer) =>
  ((await (await live.fetch('/v1/tasks/digits')).json()) as { pointers: object }).pointers

/** Asks for it, and waits for what comes of it. */
async function judged(live: LiveServer, path = of(2)): Promise<Judgement> {
  const { judgements: before } = await found(live)
  expect((await live.asOperator('POST', `${path}/judge`)).status).toBe(202)
  for (;;) {
    const { judgements, judging } = await found(live)
    if (judging?.failure !== undefined) throw new Error(judging.failure.detail)
    if (judgements.length > before.length) return judgements[0]!
  }
}

describe('a version that was held for lack of data', () => {
  const live = useLiveServer()
  let folder: string
  let viewer: string
  beforeAll(async () => {
    await holdTheSecond(live)
    viewer = await tokenOf(live, 'viewer')
    folder = await mkdtemp(join(tmpdir(), 'panal-judge-'))
  }, 30_000)
  afterAll(() => rm(folder, { recursive: true }))

  const asViewer = (method: string, path: string) =>
    live.fetch(path, { method, headers: { authorization: `Bearer ${viewer}` } })
  const refusal = async (response: Promise<Response>) => {
    const { status, code, errors } = (await answerOf(await response)) as {
      status: number
      code?: string
      errors?: { path: string }[]
    }
    return [status, code, ...(errors ?? []).map(({ path }) => path)]
  }
  const setsOf = async () =>
    (await (await live.asOperator('GET', '/v1/tasks/digits/sets')).json()) as {
      sets: Record<string, string>
      numLooks: number
    }
  const changeSets = (changes: object) => live.asOperator('POST', '/v1/tasks/digits/sets', changes)

  const panal = async (...args: string[]): Promise<CliOutcome> =>
    panalHere(...args, '--server', live.url, '--token', await localToken(live))

  it('is held again by the same set, which that was one more look at', async () => {
    expect((await found(live)).judgements).toMatchObject([
      { actor: 'gate', verdict: 'NOT_ENOUGH_DATA', outcome: 'held', version: 2 },
    ])
    expect(await setsOf()).toMatchObject({ numLooks: 2 })
    expect(await judged(live)).toMatchObject({ actor: null, verdict: 'NOT_ENOUGH_DATA', outcome: 'held' })
    expect(await setsOf()).toMatchObject({ numLooks: 3 })
    expect(await pointersOf(live)).toEqual({ head: 2, champion: 1, anchor: 1 })
  })

  it('is the only kind that may be judged again, and not by everybody', async () => {
    const judge = (path: string) => refusal(live.asOperator('POST', `${path}/judge`))
    expect(await judge(of(0))).toEqual([409, 'not-held'])
    expect(await judge(of(1))).toEqual([409, 'not-held'])
    expect(await judge(of(77))).toEqual([404, 'unknown-version'])
    expect(await judge('/v1/tasks/none/versions/2')).toEqual([404, 'unknown-task'])
    expect(await refusal(asViewer('POST', `${of(2)}/judge`))).toEqual([403, 'forbidden'])
    expect(await refusal(asViewer('POST', '/v1/tasks/digits/sets'))).toEqual([403, 'forbidden'])
    expect(await refusal(live.fetch(`${of(77)}/judgements`))).toEqual([404, 'unknown-version'])
    expect(await refusal(live.fetch('/v1/tasks/none/versions/2/judgements'))).toEqual([404, 'unknown-task'])
  })

  it('gets no set that is not there, overlaps, or is another of its sets', async () => {
    const { sets } = await setsOf()
    expect(await refusal(changeSets({ gate: 'f'.repeat(64) }))).toEqual([404, 'unknown-dataset', '/sets/gate'])
    expect(await refusal(changeSets({ gate: sets['evaluation'] }))).toEqual([400, 'invalid-task', '/sets/gate'])
    // The evaluation set is seed 1: its first 30 images, with others' labels.
    const overlapping = await addDataset(live, randomImages(digitsLike(), 30, 1))
    expect(await refusal(changeSets({ gate: overlapping }))).toEqual([422, 'invalid-dataset', '/sets/gate'])
    expect(await refusal(changeSets({}))).toEqual([400, 'bad-request', ''])
    expect(await refusal(changeSets({ train: overlapping }))).toEqual([400, 'bad-request', '/train'])
    expect(await refusal(live.asOperator('POST', '/v1/tasks/none/sets', { gate: overlapping }))).toEqual([
      404,
      'unknown-task',
    ])
    expect((await setsOf()).sets).toEqual(sets)
  })

  it('is promoted by a larger set: from the command line, with all who watch told', async () => {
    const cardOf = async () =>
      ((await (await live.fetch('/v1/tasks/digits')).json()) as { card: { planHash: string } }).card
    const before = await cardOf()
    const file = join(folder, 'more.safetensors')
    await writeFile(file, moreImages())
    const { sha256 } = JSON.parse((await panal('dataset', 'add', file, '--json')).out) as { sha256: string }
    const changed = await panal('task', 'sets', 'digits', '--gate', sha256)
    expect(changed).toMatchObject({ code: 0, err: '' })
    expect(changed.out).toMatch(new RegExp(`gate +${sha256}\n *looks at the gate set +0\n`))
    // No device has anything to do with it.
    expect(await cardOf()).toEqual(before)

    const watcher = openSocket(live)
    await next(watcher, 'connect')
    await ask(watcher, 'watch', { taskId: 'digits' })
    const told = next<Promoted>(watcher, 'promoted')
    const { code, out, err } = await panal('model', 'judge', 'digits', '2', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({
      version: 2,
      verdict: 'PASS',
      outcome: 'promoted',
      actor: 'local',
      gateSha256: sha256,
    })
    expect(err).toContain('judging version 2: ')
    expect(await told).toMatchObject({ taskId: 'digits', champion: 2, previous: 1 })
    watcher.close()
    expect(await pointersOf(live)).toEqual({ head: 2, champion: 2, anchor: 1 })
    expect(await setsOf()).toMatchObject({ numLooks: 1 })
    expect(await panal('model', 'judge', 'digits', '2')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^panal: not-held: version 2 is promoted/),
    })
  })

  it('keeps every report, signed: of the round, and of each time after', async () => {
    const keys = (await (await live.fetch('/v1/keys')).json()) as ServerKeySet
    const byNode: VerifyEd25519 = async (key, signature, bytes) =>
      verify(null, bytes, createPublicKey({ key, format: 'jwk' }), signature)
    const { judgements } = await found(live)
    const seen = []
    for (const { id } of judgements) {
      const view = (await (await live.fetch(`${of(2)}/report.json?judgement=${id}`)).json()) as ReportView
      expect(await verifyReport(view, keys, byNode)).toMatchObject({ ok: true })
      seen.push([view.report.verdict, view.report.gate?.numExamples])
    }
    expect(seen).toEqual([
      ['PASS', 400],
      ['NOT_ENOUGH_DATA', 60],
      ['NOT_ENOUGH_DATA', 60],
    ])
    const newest = (await (await live.fetch(`${of(2)}/report.json`)).json()) as ReportView
    expect(newest.report.verdict).toBe('PASS')
    const html = await (await asViewer('GET', `${of(2)}/report.html?judgement=${judgements.at(-1)!.id}`)).text()
    expect(html).toContain('NOT_ENOUGH_DATA')
    expect(await refusal(live.fetch(`${of(1)}/report.json?judgement=${judgements[0]!.id}`))).toEqual([404, 'not-found'])
  })

  it('shows the examples behind a report from the sets that it judged by, whatever the sets are now', async () => {
    const { judgements } = await found(live)
    const query = encodeURIComponent(JSON.stringify({ set: 'gate', where: [], order: 'loss' }))
    const totals = []
    for (const { id } of judgements) {
      const response = await asViewer('GET', `${of(2)}/samples?query=${query}&limit=1&judgement=${id}`)
      totals.push(((await response.json()) as { total: number }).total)
    }
    expect(totals).toEqual([400, 60, 60])
  })

  it('leaves the round as it ended, and all of it in the audit trail', async () => {
    const { rounds } = (await (await live.fetch('/v1/tasks/digits/rounds?limit=1')).json()) as { rounds: object[] }
    expect(rounds).toMatchObject([{ number: 2, outcome: 'held' }])
    expect(await asLocalOwner(live, 'GET', '/v1/audit/verify')).toMatchObject({ ok: true })
    const { entries } = await asLocalOwner<{ entries: { action: string; detail: object }[] }>(
      live,
      'GET',
      '/v1/audit/entries?after=0',
    )
    const { sets } = await setsOf()
    expect(entries.filter(({ action }) => ['sets-changed', 'judged-again'].includes(action))).toMatchObject([
      { action: 'judged-again', detail: { version: 2, verdict: 'NOT_ENOUGH_DATA', outcome: 'held' } },
      { action: 'sets-changed', actor: 'local', detail: { taskId: 'digits', now: sets } },
      { action: 'judged-again', actor: 'local', detail: { version: 2, outcome: 'promoted', gate: sets['gate'] } },
    ])
    expect((await panal('version', 'judgements', 'digits', '2')).out.trim().split('\n')).toHaveLength(4)
    const newest = (await panal('version', 'list', 'digits', '--limit', '1')).out
    expect(newest).toMatch(/^2 .*\n2 older: --limit 3 lists more\n$/m)
  })
})

describe('under the two-person rule', () => {
  const live = useLiveServer({ promotionPeople: 2 })
  beforeAll(() => holdTheSecond(live), 30_000)

  it('what passes waits for somebody else than who had it judged', async () => {
    const ada = await signedIn(live, 'Ada', 'operator')
    const bob = await signedIn(live, 'Bob', 'operator')
    const gate = await addDataset(live, moreImages())
    expect((await ada.send('POST', '/v1/tasks/digits/sets', { gate })).status).toBe(200)
    expect((await ada.send('POST', `${of(2)}/judge`)).status).toBe(202)
    let newest: Judgement | undefined
    while (newest?.verdict !== 'PASS') newest = (await found(live)).judgements[0]
    expect(newest).toMatchObject({ verdict: 'PASS', outcome: 'waiting', actor: null })
    expect(await pointersOf(live)).toMatchObject({ champion: 1 })
    const { requests } = (await answerOf(await bob.send('GET', '/v1/tasks/digits/requests'))) as {
      requests: { id: number }[]
    }
    expect(requests).toMatchObject([{ state: 'waiting', move: 'promote', version: 2, champion: 1, askedBy: 'Ada' }])
    const approve = `/v1/tasks/digits/requests/${requests[0]!.id}/approve`
    expect(await answerOf(await ada.send('POST', approve))).toMatchObject({ code: 'same-person' })
    expect(await answerOf(await bob.send('POST', approve))).toMatchObject({ status: 200 })
    expect(await pointersOf(live)).toMatchObject({ champion: 2 })
    expect(await answerOf(await bob.send('POST', `${of(2)}/judge`))).toMatchObject({ status: 409, code: 'not-held' })
  })
})
