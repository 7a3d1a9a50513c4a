import type { GateReport } from '../../protocol/gate-report.ts'
import type { ReportSignature } from '../../protocol/signed-report.ts'
import type { ReportContext } from '../context.ts'
import { h, type Child, type MarkupElement } from '../markup.ts'

/** By what the report can be told from a forged one: digests, signature, and how they are checked. */
export function originSection(report: GateReport, context: ReportContext): MarkupElement {
  const { weightsSha256, signature } = context
  const facts: [string, string | undefined][] = [
    ['Model weights', weightsSha256],
    ['Evaluation set', report.datasetDigests.evaluation],
    ['Gate set', report.datasetDigests.gate],
  ]
  return h(
    'section',
    {},
    h('h2', {}, 'Fingerprints and signature'),
    h(
      'p',
      {},
      'The same model, judged by the same sets, gives the same report. A fingerprint (SHA-256) names each of them.',
    ),
    list(facts.filter((fact): fact is [string, string] => fact[1] !== undefined)),
    signature !== undefined && signatureMarkup(signature, context),
  )
}

const list = (facts: readonly (readonly [string, string])[]): MarkupElement =>
  h(
    'dl',
    { class: 'digests' },
    facts.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, h('code', {}, value)))),
  )

function signatureMarkup(signature: ReportSignature | null, { keysUrl }: ReportContext): Child {
  if (signature === null)
    return h(
      'p',
      {},
      'This report was made before reports were signed, so nobody vouches for it but the server it is on.',
    )
  const keys = keysUrl ?? 'GET /v1/keys of the server'
  return [
    h('h3', {}, 'Signature'),
    h(
      'p',
      {},
      'The server signed the report when it was made, together with the fingerprint of the model. Whoever changes a word of it breaks the signature.',
    ),
    list([
      ['Report', signature.reportSha256],
      ['Signing key', signature.keyId],
      ['Signature', signature.signature],
    ]),
    h('h3', {}, 'How to check it'),
    h(
      'p',
      {},
      'With this file, or the JSON of the report, on any machine that reaches the server: ',
      h('code', {}, 'panal version verify-report FILE --server URL'),
      '.',
    ),
    h('p', {}, 'By hand, with the JSON of the report:'),
    h(
      'ol',
      {},
      h(
        'li',
        {},
        'Get the server’s public keys from ',
        h('code', {}, keys),
        ' and take the one with this signing key’s name.',
      ),
      h(
        'li',
        {},
        'The SHA-256 of ',
        h('code', {}, 'report'),
        ', written as canonical JSON (RFC 8785), must be ',
        h('code', {}, 'reportSha256'),
        '.',
      ),
      h(
        'li',
        {},
        'The signature is Ed25519 over the canonical JSON of ',
        h('code', {}, 'signature'),
        ' without its field ',
        h('code', {}, 'signature'),
        '.',
      ),
      h('li', {}, 'The SHA-256 of the weights file must be ', h('code', {}, 'weightsSha256'), '.'),
    ),
  ]
}
