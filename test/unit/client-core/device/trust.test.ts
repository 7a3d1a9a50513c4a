import { describe, expect, it } from '@jest/globals'
import { forgetServer, pinnedServerKey, type ErrorCode, type ModelManifest } from '@panal/client-core'
import { baseDigest, benchDevice, DeviceBench, last, receiptFor } from '../../../fixtures/device-bench.ts'
import { benchServer, testServerKey } from '../../../fixtures/server-keys.ts'
import { assignmentOf, digest, greetingOf, manifestOf, receiptOf } from '../../../fixtures/wire.ts'

const good = { version: 1, weightsSha256: baseDigest } as const
const stranger = testServerKey('another server')

async function joined(bench = new DeviceBench()) {
  const session = bench.start()
  await bench.settle()
  return { bench, session }
}

const offer = (bench: DeviceBench, manifest: ModelManifest, roundNumber = 1) =>
  bench.offer(assignmentOf(roundNumber, { manifest }))

/** Nothing was fetched, the round was given back, and the device waits for a better one. */
function expectRefused(bench: DeviceBench, code: ErrorCode, roundNumber = 1): void {
  expect(bench.told('failed')).toMatchObject([{ roundNumber, code }])
  expect(bench.messages('decline')).toEqual([{ roundNumber, reason: 'untrusted' }])
  expect(bench.downloads).toEqual([])
  expect(bench.state.state).toBe('waiting')
}

/** The same, with the lowest bit of a number turned, or a character in the middle of a text. */
function withOneBitOff(manifest: ModelManifest, field: keyof ModelManifest): ModelManifest {
  const value = manifest[field]
  if (typeof value === 'number') return { ...manifest, [field]: value % 2 === 0 ? value + 1 : value - 1 }
  if (typeof value === 'string') {
    const middle = value.length >> 1
    const changed = value[middle] === 'a' ? 'b' : 'a'
    return { ...manifest, [field]: value.slice(0, middle) + changed + value.slice(middle + 1) }
  }
  throw new Error(`${field} is no number and no text`)
}

describe('[F42] [P25] a manifest', () => {
  it('that is as it should be is trained from', async () => {
    const { bench } = await joined()
    await offer(bench, manifestOf(good))
    expect(bench.state).toMatchObject({ state: 'downloading', roundNumber: 1 })
    expect(bench.downloads).toHaveLength(1)
  })

  it.each([
    'version',
    'weightsSha256',
    'numBytes',
    'layoutSha256',
    'planHash',
    'issuedAt',
    'expiresAt',
    'taskId',
  ] as const)('with one bit off in its %s is refused', async (field) => {
    const { bench } = await joined()
    await offer(bench, withOneBitOff(manifestOf(good), field))
    expectRefused(bench, 'bad-signature')
  })

  it('with one bit off in its signature, at either end, is refused', async () => {
    const manifest = manifestOf(good)
    const { signature } = manifest
    // The last character holds two bits of the signature and four that must be 0.
    for (const altered of [
      (signature.startsWith('A') ? 'B' : 'A') + signature.slice(1),
      signature.slice(0, -1) + (signature.endsWith('A') ? 'Q' : 'A'),
      signature.slice(0, -1) + 'B',
    ]) {
      const { bench } = await joined()
      await offer(bench, { ...manifest, signature: altered })
      expectRefused(bench, 'bad-signature')
    }
  })

  it('with another plan, or a promise added, is refused', async () => {
    for (const change of [
      { plan: { ...manifestOf(good).plan, epochs: 9 } },
      { privacy: { clipNorm: 1, noiseStd: 0, minimumCohort: 9 } },
      { parent: 0 },
    ]) {
      const { bench } = await joined()
      await offer(bench, { ...manifestOf(good), ...change })
      expectRefused(bench, 'bad-signature')
    }
  })

  it('that another server signed, or that names its key, is refused', async () => {
    for (const manifest of [manifestOf(good, stranger), { ...manifestOf(good), keyId: stranger.key.kid }]) {
      const { bench } = await joined()
      await offer(bench, manifest)
      expectRefused(bench, 'unknown-key')
    }
  })

  it('that was signed as something else is refused', async () => {
    const { bench } = await joined()
    const { statement: _, keyId: _key, signature: _signature, ...fields } = manifestOf(good)
    const other = benchServer.sign({ statement: 'receipt', ...fields })
    await offer(bench, { ...other, statement: 'model-manifest' })
    expectRefused(bench, 'bad-signature')
  })

  it('of an older version than this device has seen is refused, also after a restart', async () => {
    const { bench, session } = await joined()
    await offer(bench, manifestOf({ ...good, version: 5 }))
    await bench.finishDownload()
    await session.leave()
    await joined(bench)
    bench.downloads.length = 0
    await offer(bench, manifestOf({ ...good, version: 4 }), 2)
    expectRefused(bench, 'rolled-back', 2)
    await offer(bench, manifestOf({ ...good, version: 5 }), 3)
    expect(bench.state).toMatchObject({ state: 'training', roundNumber: 3 })
  })

  it('that has expired by the server’s clock is refused, whatever the device’s clock says', async () => {
    const bench = new DeviceBench()
    const serverNow = 5_000_000
    bench.greeting = (join) =>
      greetingOf({ taskId: join.taskId, deviceId: join.deviceId, proofId: bench.proofIdOf(join), at: serverNow })
    await joined(bench)
    await offer(bench, manifestOf({ ...good, expiresAt: serverNow + 1000 }))
    expect(bench.downloads).toHaveLength(1)
    bench.downloads.length = 0
    await bench.clock.advance(2_000)
    await offer(bench, manifestOf({ ...good, expiresAt: serverNow + 1000 }), 2)
    expectRefused(bench, 'manifest-expired', 2)
  })

  it('for another task, another plan or a model of another shape is refused, well signed as it is', async () => {
    for (const change of [
      { taskId: 'credit' },
      { planHash: digest('f') },
      { layoutSha256: digest('f') },
      { numBytes: 16 },
      { privacy: { clipNorm: null, noiseStd: 0.1, minimumCohort: 1 } },
    ]) {
      const { bench } = await joined()
      await offer(bench, manifestOf({ ...good, ...change }))
      expectRefused(bench, 'wrong-model')
    }
  })
})

describe('[P26] what a device has agreed to', () => {
  const agreed = { clipNorm: 5, noiseStd: 0, minimumCohort: 3 }
  const clipped = (clipNorm: number) => ({ ...manifestOf().plan, clipNorm })
  const weaker: [string, Partial<ModelManifest>][] = [
    ['a longer clip', { privacy: { ...agreed, clipNorm: 6 }, plan: clipped(6) }],
    ['no clip', { privacy: { ...agreed, clipNorm: null } }],
    ['a smaller cohort', { privacy: { ...agreed, minimumCohort: 2 }, plan: clipped(5) }],
    ['a plan that does not clip as promised', { privacy: agreed, plan: clipped(50) }],
  ]

  it.each(weaker)('is not weakened by %s', async (_, change) => {
    const bench = new DeviceBench()
    bench.agreed = agreed
    await joined(bench)
    await offer(bench, manifestOf({ ...good, ...change }))
    expectRefused(bench, 'weaker-policy')
  })

  it('may be exceeded', async () => {
    const bench = new DeviceBench()
    bench.agreed = agreed
    await joined(bench)
    await offer(bench, manifestOf({ ...good, plan: clipped(4), privacy: { ...agreed, clipNorm: 4, minimumCohort: 4 } }))
    expect(bench.downloads).toHaveLength(1)
  })

  it('is what the first manifest promised, where nobody said anything; and stays, also after a restart', async () => {
    const { bench, session } = await joined()
    await offer(bench, manifestOf({ ...good, plan: clipped(5), privacy: agreed }))
    await session.leave()
    await joined(bench)
    bench.downloads.length = 0
    await offer(bench, manifestOf({ ...good, plan: clipped(6), privacy: { ...agreed, clipNorm: 6 } }), 2)
    expectRefused(bench, 'weaker-policy', 2)
  })
})

describe('[P24] the server’s key', () => {
  it('is taken at enrolment', async () => {
    const { bench } = await joined()
    expect(await pinnedServerKey(bench.runtime)).toEqual(benchServer.key)
    expect(bench.numAskedForKeys).toBe(0)
  })

  it('may be followed by one that it vouches for, and one by that', async () => {
    const { bench } = await joined()
    bench.server = testServerKey('third', testServerKey('second', benchServer))
    await offer(bench, manifestOf(good, bench.server))
    expect(bench.downloads).toHaveLength(1)
    expect(await pinnedServerKey(bench.runtime)).toEqual(bench.server.key)
  })

  it.each([
    ['vouched for by nobody', testServerKey('lone')],
    ['vouched for by another key', testServerKey('second', stranger)],
    [
      'vouched for by a key that is listed in place of the known one',
      { ...stranger, keySet: { keys: [stranger.key, benchServer.key] } },
    ],
  ])('that is new and %s is none', async (_, server) => {
    const { bench } = await joined()
    bench.server = server
    await offer(bench, manifestOf(good, server))
    expectRefused(bench, 'unknown-key')
    expect(await pinnedServerKey(bench.runtime)).toEqual(benchServer.key)
  })

  it('that is another’s ends the session at the greeting; after forgetting the server it is taken', async () => {
    const { bench, session } = await joined()
    await session.leave()
    bench.server = stranger
    await joined(bench)
    expect(bench.state).toMatchObject({ state: 'left', reason: 'refused', code: 'unknown-key' })
    await forgetServer(bench.runtime)
    await joined(bench)
    expect(bench.state.state).toBe('waiting')
    expect(await pinnedServerKey(bench.runtime)).toEqual(stranger.key)
  })

  it('is not taken anew from a server that claims to know the device no more', async () => {
    const { bench, session } = await joined()
    await session.leave()
    bench.server = stranger
    bench.answers.join = () => ({ ok: false, code: 'unauthorized', detail: 'who are you?' })
    await joined(bench)
    expect(bench.state).toMatchObject({ state: 'left', reason: 'refused', code: 'unknown-key' })
  })

  it.each(['proofId', 'deviceId', 'taskId'] as const)(
    'a greeting for another join (%s) ends the session',
    async (field) => {
      const bench = new DeviceBench()
      const others = { proofId: 'q'.repeat(22), deviceId: `d_${'q'.repeat(22)}`, taskId: 'credit' }
      bench.greeting = (join) => {
        const { taskId, deviceId } = join
        const own = { taskId, deviceId, proofId: bench.proofIdOf(join), at: 0 }
        return greetingOf({ ...own, [field]: others[field] })
      }
      await joined(bench)
      expect(bench.state).toMatchObject({ state: 'left', reason: 'refused', code: 'bad-signature' })
    },
  )
})

describe('[P17] a receipt', () => {
  async function uploading() {
    const { bench } = await joined()
    await offer(bench, manifestOf(good))
    await bench.finishDownload()
    await bench.finishTraining()
    return bench
  }

  it('that another server signed is none', async () => {
    const bench = await uploading()
    const { asked, finish } = last(bench.uploads)
    finish(await receiptFor(asked, 0, stranger))
    await bench.settle()
    expect(bench.told('refused')).toMatchObject([{ roundNumber: 1, code: 'unknown-key' }])
    expect(bench.told('accepted')).toEqual([])
  })

  it('for another update is none', async () => {
    const bench = await uploading()
    const { asked, finish } = last(bench.uploads)
    const { sha256, taskId, roundNumber } = asked
    const receipt = { taskId, roundNumber, sha256, deviceId: benchDevice.deviceId, weight: 1, norm: 1, receivedAt: 0 }
    finish(receiptOf({ ...receipt, sha256: digest('e') }))
    await bench.settle()
    expect(bench.told('refused')).toMatchObject([{ roundNumber: 1, code: 'bad-signature' }])
  })
})
