import type { RecordedSubject } from '../../protocol/gate-report.ts'
import type { ReportSignature } from '../../protocol/signed-report.ts'
import type { ReportContext } from '../context.ts'
import { h, type Child, type MarkupElement } from '../markup.ts'
import { saySets, type ShownReport } from '../subject.ts'

/** By what the report can be told from a forged one: digests, signature, and how they are checked. */
export function originSection(report: ShownReport, context: ReportContext): MarkupElement {
  if (report.recorded !== undefined) return ofRecorded(report, report.recorded)
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
    list(facts.flatMap(([name, value]) => (value === undefined ? [] : [[name, code(value)] as const]))),
    signature !== undefined && signatureMarkup(signature, context),
  )
}

/** Nothing vouches for what was recorded but that it can be judged again. */
function ofRecorded({ taskId, datasetDigests }: ShownReport, recorded: RecordedSubject): MarkupElement {
  const { candidate, champion, anchor, label, classes, leftOut, seed } = recorded
  return h(
    'section',
    {},
    h('h2', {}, 'What was judged'),
    h(
      'p',
      {},
      'Recorded predictions: the weights of the models were not there, and no server signed this report. The same rows give the same findings, in whatever order they are: to check it, judge them again.',
    ),
    list([
      ['Evaluation', taskId],
      ['Candidate', code(candidate)],
      ['Champion', champion === null ? 'none yet' : code(champion)],
      ...(anchor === null ? [] : [['Anchor', code(anchor)] as const]),
      ['True class', code(label)],
      [
        'Classes',
        classes.length === 2 ? `${classes.join(', ')} (${classes[1]!} is the positive one)` : classes.join(', '),
      ],
      ['Rows', saySets(recorded)],
      ...(leftOut.length === 0
        ? []
        : [['No groups of', `${leftOut.join(', ')}: nearly every row has a text of its own`] as const]),
      ['Seed', String(seed)],
      ['Fingerprint of the rows', code(datasetDigests.gate)],
    ]),
  )
}

const code = (text: string): MarkupElement => h('code', {}, text)

const list = (facts: readonly (readonly [string, Child])[]): MarkupElement =>
  h(
    'dl',
    { class: 'digests' },
    facts.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))),
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
      ['Report', code(signature.reportSha256)],
      ['Signing key', code(signature.keyId)],
      ['Signature', code(signature.signature)],
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
