import { Type, type Static, type TObject } from 'typebox'

const powers = { linear: 1, sqrt: 0.5 } as const

/** How fast a server optimizer moves: options that all of them have. */
export const learningRateOptions = {
  learningRate: Type.Number({ exclusiveMinimum: 0 }),
  scaling: Type.Optional(
    Type.Object(
      {
        rule: Type.Union([Type.Literal('linear'), Type.Literal('sqrt')]),
        reference: Type.Integer({ minimum: 1, description: 'updates of a round at which the rate is `learningRate`' }),
      },
      {
        additionalProperties: false,
        description:
          'the rate grows with the updates of a round, or with their square root: a mean of more is less noisy',
      },
    ),
  ),
}

/**
 * The learning rate of a round with that many updates.
 * Source: linear Goyal et al. 2017, arXiv:1706.02677; square root Krizhevsky 2014, arXiv:1404.5997; of cohorts Charles et
 * al. 2021, arXiv:2106.07820
 */
export const learningRateOf = (
  { learningRate, scaling }: Static<TObject<typeof learningRateOptions>>,
  numUpdates: number,
): number =>
  scaling === undefined ? learningRate : learningRate * (numUpdates / scaling.reference) ** powers[scaling.rule]
