import type { GateReport, GateVerdict } from '../protocol/gate-report.ts'
import { h, type MarkupElement } from './markup.ts'

/** Each verdict in a word, with a sign beside its colour. */
export const verdictNames: Readonly<Record<GateVerdict, { readonly name: string; readonly sign: string }>> = {
  PASS: { name: 'Pass', sign: '✓' },
  WARN: { name: 'Warning', sign: '!' },
  NOT_ENOUGH_DATA: { name: 'Not enough data', sign: '?' },
  ERROR: { name: 'Error', sign: '⚠' },
  BLOCK: { name: 'Block', sign: '✕' },
  NO_CHANGE: { name: 'No change', sign: '=' },
  NOT_APPLICABLE: { name: 'Does not apply', sign: '–' },
}

/** What the verdict on a model means for it. */
export const verdictMeanings: Readonly<
  Record<GateReport['verdict'], { readonly headline: string; readonly meaning: string }>
> = {
  PASS: {
    headline: 'Passed: it may be served',
    meaning: 'There is evidence that this model is good enough, and no worse than what it would replace.',
  },
  WARN: {
    headline: 'Passed with a warning: it may be served',
    meaning:
      'It is probably good enough, but the evidence for that is weak in the place named below. The warning is kept.',
  },
  NOT_ENOUGH_DATA: {
    headline: 'Held: there are not enough examples to tell',
    meaning:
      'Nothing speaks clearly against this model, and too little speaks for it. It is not served. More test examples, or another round of training, may decide.',
  },
  ERROR: {
    headline: 'Held: a check could not be made',
    meaning: 'Something went wrong while the model was judged. That says nothing of the model. It is not served.',
  },
  NO_CHANGE: {
    headline: 'Held: it is the model that is served already',
    meaning: 'It is the same, byte for byte, so there is nothing to judge.',
  },
  BLOCK: {
    headline: 'Blocked: it must not be served',
    meaning: 'The model fails beyond reasonable doubt, and by enough to matter, or it is broken.',
  },
}

/** A small label with the verdict's colour, sign and word. */
export const verdictBadge = (verdict: GateVerdict): MarkupElement =>
  h(
    'span',
    { class: `badge v-${verdict}` },
    h('span', { 'aria-hidden': 'true' }, `${verdictNames[verdict].sign} `),
    verdictNames[verdict].name,
  )
