import { Type, type Static } from 'typebox'

const closed = { additionalProperties: false }
const Text = Type.String({ maxLength: 200 })
const WasRight = Type.Union([Type.Literal('right'), Type.Literal('wrong')])

/** `SampleQuery` of a report's row, as it travels: `GET …/samples?query=` takes its JSON. */
export const SampleQuerySchema = Type.Object(
  {
    set: Type.Union([Type.Literal('evaluation'), Type.Literal('gate')]),
    where: Type.Array(Type.Object({ column: Text, value: Text }, closed), { maxItems: 8 }),
    label: Type.Optional(Text),
    candidate: Type.Optional(WasRight),
    reference: Type.Optional(
      Type.Object({ model: Type.Union([Type.Literal('champion'), Type.Literal('anchor')]), was: WasRight }, closed),
    ),
    variation: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    order: Type.Union([Type.Literal('loss'), Type.Literal('regression')]),
  },
  closed,
)

const Probability = Type.Number({ minimum: 0, maximum: 1 })

/** What one model answered. */
export const ModelAnswer = Type.Object({
  answer: Type.String(),
  /** Of the answer, and of the true class. */
  pAnswer: Probability,
  pLabel: Probability,
})
export type ModelAnswer = Static<typeof ModelAnswer>

/** One of the server's own examples, and what was answered. */
export const ShownExample = Type.Object({
  /** 16 hex digits of its content's SHA-256, or what the data name it. */
  id: Type.String(),
  /** Where the file has it, counted from 0 and without a header; left out where the data name it. */
  row: Type.Optional(Type.Integer({ minimum: 0 })),
  label: Type.String(),
  candidate: ModelAnswer,
  reference: Type.Optional(ModelAnswer),
  /** Raw values, of tables. */
  columns: Type.Optional(Type.Record(Type.String(), Type.String())),
  /** A PNG in base64, of images. */
  image: Type.Optional(
    Type.Object({ width: Type.Integer({ minimum: 1 }), height: Type.Integer({ minimum: 1 }), png: Type.String() }),
  ),
})
export type ShownExample = Static<typeof ShownExample>

/** Some of the examples behind a row, worst first. */
export const SamplePage = Type.Object({
  /** How many there are in all. */
  total: Type.Integer({ minimum: 0 }),
  offset: Type.Integer({ minimum: 0 }),
  /** Whose answers `reference` holds. */
  reference: Type.Optional(
    Type.Object({
      model: Type.Union([Type.Literal('champion'), Type.Literal('anchor')]),
      version: Type.Integer({ minimum: 0 }),
    }),
  ),
  samples: Type.Array(ShownExample),
})
export type SamplePage = Static<typeof SamplePage>
