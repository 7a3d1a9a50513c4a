import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { Type } from 'typebox'
import { DataFileError } from './data-file-error.ts'
import { dataPolicy, FilePath, inFolder, type DataSource } from './data-source.ts'
import { loadIdxPairs } from './idx-source.ts'

/** Where Debian's package `dataset-fashion-mnist` puts it. */
const debianFolder = '/usr/share/datasets/fashion-mnist'

/** In the order of the labels. Source: github.com/zalandoresearch/fashion-mnist */
export const fashionMnistClasses = [
  'T-shirt/top',
  'Trouser',
  'Pullover',
  'Dress',
  'Coat',
  'Sandal',
  'Shirt',
  'Sneaker',
  'Bag',
  'Ankle boot',
]

/**
 * Fashion-MNIST (Xiao, Rasul and Vollgraf 2017): 60,000 training and 10,000 test images of [28, 28, 1], from a folder with the
 * four files as they are published, gzip or not. npm's `fashion-mnist` is not read: 5,604 of its images are none of them.
 */
export const fashionMnist = dataPolicy({
  options: { folder: Type.Optional(FilePath) },
  make: ({ folder = debianFolder }): DataSource => ({
    name: 'fashion-mnist',
    async load(context) {
      const root = inFolder(context, folder)
      const file = async (name: string) => {
        for (const path of [join(root, `${name}.gz`), join(root, name)]) if (await exists(path)) return path
        throw new DataFileError(
          'missing-file',
          join(root, name),
          'Fashion-MNIST is not there. Install it (Debian, Ubuntu: apt-get install dataset-fashion-mnist), or name the folder that has the four files of github.com/zalandoresearch/fashion-mnist',
        )
      }
      const pair = async (part: 'train' | 't10k') => ({
        x: await file(`${part}-images-idx3-ubyte`),
        y: await file(`${part}-labels-idx1-ubyte`),
      })
      return loadIdxPairs(
        { train: await pair('train'), test: await pair('t10k'), classes: fashionMnistClasses },
        context,
      )
    },
  }),
})

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )
