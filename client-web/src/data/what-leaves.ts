import { trainedShare, type TaskCard } from '@panal/client-core'
import { formatPercent } from '../components/format.ts'

const bytesPerParam = { f32: 4, f16: 2 } as const satisfies Record<TaskCard['plan']['codec'], number>

/** Size of one update on the wire, KB of 1,000 bytes, without its header of a few bytes. */
export const updateKb = (card: Pick<TaskCard, 'numParams' | 'plan'>): number =>
  (card.numParams * bytesPerParam[card.plan.codec]) / 1000

/** Everything that leaves the device for one update, one plain sentence each. */
export function whatLeaves(card: Pick<TaskCard, 'numParams' | 'plan'>): string[] {
  const { plan, numParams } = card
  const precision = plan.codec === 'f16' ? 'rounded to 16 bits each' : 'as 32-bit numbers'
  return [
    `The change of the model’s ${numParams.toLocaleString('en')} weights after training here, ${precision}: about ${Math.max(1, Math.round(updateKb(card))).toLocaleString('en')} KB a round.`,
    ...(plan.clipNorm === undefined
      ? []
      : [
          `The change is scaled down first wherever its length is over ${plan.clipNorm.toLocaleString('en')}, so that no single device can pull the model far.`,
        ]),
    'How many examples you trained on, how long it took, and the average error before and after.',
    'A device number that follows from a key this browser made and keeps, and whether it is charging, on unmetered network and idle.',
  ]
}

/** What stays, in the same plain words. */
export const whatStays = (card: Pick<TaskCard, 'data' | 'plan'>): string[] => [
  card.data.kind === 'image' ? 'Your drawings and their labels.' : 'Your file: every row and every column of it.',
  ...(card.plan.personalisation === undefined
    ? []
    : [
        `A model of your own, which this browser trains after each round. About ${formatPercent(1 - trainedShare(card.plan), 0)} of your examples are held out to measure it with.`,
      ]),
  'Everything the training works out on the way, but for what is listed beside this.',
  'Your name, account or e-mail: none is asked for.',
]
