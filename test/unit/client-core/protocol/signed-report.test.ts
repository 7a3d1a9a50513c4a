import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import {
  reportDigest,
  ReportSignature,
  signedBytes,
  thumbprint,
  verifyReport,
  type GateReport,
  type ServerKeySet,
  type SignedReport,
  type VerifyEd25519,
} from '@panal/client-core'
import { Value } from 'typebox/value'
import { gateReport } from '../../../fixtures/gate-report.ts'

const byNode: VerifyEd25519 = async (key, signature, bytes) =>
  verify(null, bytes, createPublicKey({ key, format: 'jwk' }), signature)

function makeSigner() {
  const { privateKey } = generateKeyPairSync('ed25519')
  const { x = '' } = privateKey.export({ format: 'jwk' })
  const jwk = { kty: 'OKP', crv: 'Ed25519', x } as const
  const kid = thumbprint(jwk)
  const keys: ServerKeySet = { keys: [{ ...jwk, kid, alg: 'EdDSA', use: 'sig', createdAt: 1 }] }
  const signed = (report: GateReport): SignedReport & { signature: ReportSignature } => {
    const statement = {
      statement: 'gate-report' as const,
      taskId: report.taskId,
      version: report.version,
      weightsSha256: 'c'.repeat(64),
      reportSha256: reportDigest(report),
      keyId: kid,
    }
    return {
      report,
      signature: { ...statement, signature: sign(null, signedBytes(statement), privateKey).toString('base64url') },
    }
  }
  return { keys, kid, signed }
}

const { keys, kid, signed } = makeSigner()
const good = signed(gateReport())

describe('a signed report', () => {
  it('is verified by the key that signed it, read again from JSON as well', async () => {
    expect(Value.Check(ReportSignature, good.signature)).toBe(true)
    expect(await verifyReport(good, keys, byNode)).toEqual({ ok: true, keyId: kid })
    const again = JSON.parse(JSON.stringify(good)) as SignedReport
    expect(await verifyReport(again, keys, byNode)).toEqual({ ok: true, keyId: kid })
  })

  it('is not, with any one bit of the signature flipped', async () => {
    const bytes = Buffer.from(good.signature.signature, 'base64url')
    for (let bit = 0; bit < 8 * bytes.length; bit += 37) {
      const flipped = Buffer.from(bytes)
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      const signature = { ...good.signature, signature: flipped.toString('base64url') }
      expect(await verifyReport({ ...good, signature }, keys, byNode)).toMatchObject({ ok: false })
    }
  })

  it.each<[string, Partial<GateReport>]>([
    ['another verdict', { verdict: 'PASS' }],
    ['a letter of the reason', { reason: gateReport().reason.replace('Worse', 'worse') }],
    ['a number', { durationMs: 846 }],
    ['a check less', { checks: gateReport().checks.slice(1) }],
  ])('is not, with %s', async (_, change) => {
    const report = gateReport(change)
    expect(await verifyReport({ ...good, report }, keys, byNode)).toEqual({
      ok: false,
      because: 'the report is not the one that was signed',
    })
  })

  it('vouches for no other model: the digest of the weights is signed', async () => {
    const signature = { ...good.signature, weightsSha256: 'd'.repeat(64) }
    expect(await verifyReport({ ...good, signature }, keys, byNode)).toMatchObject({
      because: 'the signature does not hold',
    })
  })

  it('is not verified by a stranger’s key, nor by one that only has the name of the server’s', async () => {
    const stranger = makeSigner()
    expect(await verifyReport(good, stranger.keys, byNode)).toMatchObject({
      because: expect.stringContaining('not one of'),
    })
    const renamed = { keys: stranger.keys.keys.map((key) => ({ ...key, kid })) }
    expect(await verifyReport(good, renamed, byNode)).toMatchObject({ because: 'the signature does not hold' })
  })

  it('is not, where the report names another model than the signature', async () => {
    const other = signed(gateReport({ version: 13 }))
    const signature = { ...good.signature, version: 13 }
    expect(await verifyReport({ ...good, signature }, keys, byNode)).toMatchObject({ ok: false })
    expect(await verifyReport({ report: other.report, signature: good.signature }, keys, byNode)).toMatchObject({
      ok: false,
    })
  })

  it('is not, without a signature', async () => {
    expect(await verifyReport({ ...good, signature: null }, keys, byNode)).toEqual({
      ok: false,
      because: 'the report is not signed',
    })
  })

  it('has a digest that does not depend on the order of keys', () => {
    const { taskId, ...rest } = gateReport()
    expect(reportDigest({ ...rest, taskId })).toBe(reportDigest(gateReport()))
  })
})
