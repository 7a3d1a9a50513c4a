import { describe, expect, it } from '@jest/globals'
import { PanalError, readLedger } from '@panal/client-core'
import { baseDigest, DeviceBench, last, sha256, trained } from '../../../fixtures/device-bench.ts'
import { assignmentOf, digest, joinReply, manifestOf, roundSummary, taskCard } from '../../../fixtures/wire.ts'

const manifest = manifestOf({
  version: 3,
  weightsSha256: baseDigest,
  plan: { ...manifestOf().plan, clipNorm: 2 },
  privacy: { clipNorm: 2, noiseStd: 0, minimumCohort: 1 },
})

async function uploading(result = trained(), task = taskCard()) {
  const bench = new DeviceBench()
  bench.answers.join = () => joinReply({ task })
  bench.start()
  await bench.settle()
  await bench.offer(assignmentOf(4, { manifest }))
  await bench.finishDownload()
  await bench.finishTraining(result)
  return bench
}

const entryOf = async (bench: DeviceBench) => (await readLedger(bench.storage, 'digits'))[0]

describe('[P27] the ledger', () => {
  it('says what is about to leave before the first byte does', async () => {
    const bench = await uploading()
    expect(bench.uploads).toHaveLength(1)
    expect(await entryOf(bench)).toEqual({
      taskId: 'digits',
      roundNumber: 4,
      sentAt: bench.clock.now(),
      sha256: await sha256(last(bench.uploads).asked.bytes),
      bytes: 12,
      codec: 'f32',
      numExamples: 2,
      norm: Math.sqrt(0.25 + 1 + 0.0625), // of (0.5, −1, 0.25)
      clipNorm: 2,
      baseVersion: 3,
      planHash: digest('a'),
      lossBefore: 2,
      lossAfter: 1,
      trainMs: 0,
      bytesDown: 12,
    })
  })

  it('has the receipt, and in the end the version that the update is part of', async () => {
    const bench = await uploading()
    await bench.finishUpload()
    expect(await entryOf(bench)).toMatchObject({ receipt: last(bench.told('accepted')).receipt })
    expect(await entryOf(bench)).not.toHaveProperty('countedIn')
    bench.end.emit('round', roundSummary(4, { phase: 'gating', candidateVersion: 9 }))
    await bench.settle()
    expect(await entryOf(bench)).not.toHaveProperty('countedIn')
    bench.end.emit('round', roundSummary(4, { phase: 'closed', outcome: 'held', candidateVersion: 9 }))
    await bench.settle()
    expect(await entryOf(bench)).toMatchObject({ countedIn: 9 })
    expect(bench.told('counted')).toEqual([{ type: 'counted', roundNumber: 4 }])
  })

  it('has the version of the later round that the receipt names', async () => {
    const bench = await uploading(trained(), taskCard({ cohort: { ...taskCard().cohort, maxStaleness: 3 } }))
    await bench.finishUpload({ countedRound: 6 })
    for (const [number, candidateVersion] of [
      [4, 7],
      [5, 8],
      [6, 9],
    ] as const) {
      bench.end.emit('round', roundSummary(number, { phase: 'closed', outcome: 'held', candidateVersion }))
      await bench.settle()
    }
    expect(await entryOf(bench)).toMatchObject({ roundNumber: 4, receipt: { countedRound: 6 }, countedIn: 9 })
    expect(bench.told('counted')).toEqual([{ type: 'counted', roundNumber: 4 }])
  })

  it('says of a round that came to nothing that the update is part of no version', async () => {
    const bench = await uploading()
    await bench.finishUpload()
    bench.end.emit('round', roundSummary(4, { phase: 'closed', outcome: 'abandoned' }))
    await bench.settle()
    expect(await entryOf(bench)).toMatchObject({ countedIn: null })
  })

  it('has the code of an update that was refused, and no version', async () => {
    const bench = await uploading(trained({ delta: Float32Array.of(Number.NaN, 0, 0), lossAfter: Number.NaN }))
    last(bench.uploads).fail(new PanalError('non-finite'))
    await bench.settle()
    bench.end.emit('round', roundSummary(4, { phase: 'closed', outcome: 'held', candidateVersion: 9 }))
    await bench.settle()
    const entry = await entryOf(bench)
    expect(entry).toMatchObject({ refused: 'non-finite', norm: null, lossAfter: null })
    expect(entry).not.toHaveProperty('countedIn')
  })

  it('lists the newest first, and leaves out what is damaged', async () => {
    const bench = await uploading()
    await bench.finishUpload()
    for (const round of [10, 11]) {
      await bench.offer(assignmentOf(round, { manifest }))
      await bench.finishTraining()
      await bench.finishUpload()
    }
    expect((await readLedger(bench.storage, 'digits')).map(({ roundNumber }) => roundNumber)).toEqual([11, 10, 4])
    await bench.storage.write('ledger/digits/0000000010', new TextEncoder().encode('{"taskId":'))
    expect((await readLedger(bench.storage, 'digits')).map(({ roundNumber }) => roundNumber)).toEqual([11, 4])
    expect(await readLedger(bench.storage, 'credit')).toEqual([])
  })
})
