import type { DataSchema, Plan } from '@panal/client-core'

/** The models of the FedAvg paper's MNIST experiments, and their plans. McMahan et al. 2017, arXiv:1602.05629 */
export const modelNames = ['2nn', 'cnn'] as const
export type ModelName = (typeof modelNames)[number]

export const schema: DataSchema = {
  kind: 'image',
  height: 28,
  width: 28,
  channels: 1,
  scale: 1,
  classes: Array.from({ length: 10 }, (_, digit) => String(digit)),
}
export const examplesOfDevice = 600

type Layer = readonly [className: string, config: Readonly<Record<string, unknown>>]

const dense = (units: number, activation: string): Layer => ['Dense', { units, activation, use_bias: true }]
const conv = (filters: number): Layer => [
  'Conv2D',
  { filters, kernel_size: [5, 5], padding: 'same', activation: 'relu', use_bias: true },
]
const pool: Layer = ['MaxPooling2D', { pool_size: [2, 2], strides: [2, 2] }]
const flatten: Layer = ['Flatten', {}]

const topology = (layers: readonly Layer[]) => ({
  class_name: 'Sequential',
  config: {
    name: 'model',
    layers: layers.map(([className, config], i) => ({
      class_name: className,
      config: {
        name: `layer${i}`,
        trainable: true,
        ...config,
        ...(i === 0 && { batch_input_shape: [null, 28, 28, 1] }),
      },
    })),
  },
})

const plan = (epochs: number): Plan => ({
  epochs,
  batchSize: 10,
  learningRate: 0.1,
  optimizer: { name: 'sgd' },
  codec: 'f32',
})

export const models = {
  '2nn': {
    title: '2NN (199,210 params), E = 1, B = 10',
    topology: topology([flatten, dense(200, 'relu'), dense(200, 'relu'), dense(10, 'softmax')]),
    plan: plan(1),
  },
  cnn: {
    title: 'CNN (1,663,370 params), E = 5, B = 10',
    topology: topology([conv(32), pool, conv(64), pool, flatten, dense(512, 'relu'), dense(10, 'softmax')]),
    plan: plan(5),
  },
} as const satisfies Record<ModelName, { title: string; topology: unknown; plan: Plan }>
