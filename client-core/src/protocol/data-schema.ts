import { Type, type Static } from 'typebox'

const closed = { additionalProperties: false }
const Name = Type.String({ minLength: 1, maxLength: 80 })

/** One column of a table, and how it becomes numbers. Statistics are fixed here, so that every device uses the same. */
export const Column = Type.Union([
  Type.Object(
    {
      name: Name,
      kind: Type.Literal('numeric'),
      mean: Type.Number(),
      std: Type.Number({ exclusiveMinimum: 0 }),
      missing: Type.Union([Type.Literal('mean'), Type.Literal('indicator')], {
        description:
          'a missing value becomes the mean; with `indicator` a further 0/1 feature says that it was missing',
      }),
    },
    closed,
  ),
  Type.Object(
    {
      name: Name,
      kind: Type.Literal('categorical'),
      values: Type.Array(Type.String({ maxLength: 80 }), { minItems: 1, maxItems: 1000, uniqueItems: true }),
      missing: Type.Union([Type.Literal('zeros'), Type.Literal('indicator')], {
        description: 'a missing or unlisted value becomes all zeros; with `indicator` a further 0/1 feature marks it',
      }),
    },
    closed,
  ),
])
export type Column = Static<typeof Column>

export const DataSchema = Type.Union([
  Type.Object(
    {
      kind: Type.Literal('image'),
      height: Type.Integer({ minimum: 1, maximum: 1024 }),
      width: Type.Integer({ minimum: 1, maximum: 1024 }),
      channels: Type.Integer({ minimum: 1, maximum: 4 }),
      scale: Type.Number({ description: 'a pixel byte is multiplied by this: 1/255 gives 0…1' }),
      classes: Type.Array(Name, { minItems: 2, maxItems: 1000, uniqueItems: true }),
    },
    closed,
  ),
  Type.Object(
    {
      kind: Type.Literal('table'),
      columns: Type.Array(Column, { minItems: 1, maxItems: 1000 }),
      label: Type.Object({ column: Name }, closed),
      classes: Type.Array(Name, {
        minItems: 2,
        maxItems: 1000,
        uniqueItems: true,
        description: 'for two classes the second is the positive one',
      }),
    },
    closed,
  ),
])
export type DataSchema = Static<typeof DataSchema>
export type ImageSchema = Extract<DataSchema, { kind: 'image' }>
export type TableSchema = Extract<DataSchema, { kind: 'table' }>
