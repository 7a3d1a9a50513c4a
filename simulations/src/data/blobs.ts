import { createHash } from 'node:crypto'
import { Type } from 'typebox'
import { makeRng, type Dataset, type Rng } from '@panal/client-core'
import { dataPolicy, type DataSource } from './data-source.ts'
import { schemaOf } from './schema-of.ts'

/**
 * Normal clouds, one for each class, about centres that lie `distance` standard deviations from the origin: made on the spot,
 * to try things with. The test set has a fifth as many.
 */
export const blobs = dataPolicy({
  options: {
    examples: Type.Integer({ minimum: 1, maximum: 10_000_000 }),
    features: Type.Integer({ minimum: 1, maximum: 1000 }),
    classes: Type.Integer({ minimum: 2, maximum: 1000 }),
    distance: Type.Optional(Type.Number({ exclusiveMinimum: 0, default: 2 })),
    seed: Type.Optional(Type.Integer({ minimum: 0, default: 1 })),
  },
  make: ({ examples, features, classes, distance = 2, seed = 1 }): DataSource => ({
    name: 'blobs',
    async load() {
      const rng = makeRng(seed).fork('blobs')
      const centres = Array.from({ length: classes }, (_, label) =>
        centre(features, distance, rng.fork(`centre/${label}`)),
      )
      const train = cloud(examples, centres, rng.fork('train'))
      const test = cloud(Math.ceil(examples / 5), centres, rng.fork('test'))
      const names = Array.from({ length: classes }, (_, label) => `c${label}`)
      const digests = [
        { name: 'blobs train', sha256: digest(train) },
        { name: 'blobs test', sha256: digest(test) },
      ]
      return { train, test, schema: schemaOf([features], names), classes: names, digests }
    },
  }),
})

function centre(features: number, distance: number, rng: Rng): Float64Array {
  const direction = Float64Array.from({ length: features }, () => rng.normal())
  const norm = Math.hypot(...direction)
  return direction.map((value) => (distance * value) / norm)
}

function cloud(numExamples: number, centres: readonly Float64Array[], rng: Rng): Dataset {
  const features = centres[0]!.length
  const x = new Float32Array(numExamples * features)
  const y = Int32Array.from({ length: numExamples }, (_, i) => i % centres.length)
  for (let i = 0; i < x.length; i++) x[i] = centres[y[Math.floor(i / features)]!]![i % features]! + rng.normal()
  return { numExamples, inputShape: [features], x, y }
}

function digest({ x, y }: Dataset): string {
  const hash = createHash('sha256')
  for (const { buffer, byteOffset, byteLength } of [x, y]) hash.update(new Uint8Array(buffer, byteOffset, byteLength))
  return hash.digest('hex')
}
