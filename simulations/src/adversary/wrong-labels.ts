import { Type } from 'typebox'

/** Options of attacks that train on wrong labels. */
export const wrongLabels = {
  to: Type.Optional(
    Type.Integer({
      minimum: 0,
      description: 'index of the class that every example is taken for; if not given, class y is taken for C − 1 − y',
    }),
  ),
}

export const relabelBy =
  ({ to }: { readonly to?: number }) =>
  (label: number, numClasses: number): number =>
    to ?? numClasses - 1 - label
