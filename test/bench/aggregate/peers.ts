import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** What others need for the mean of the same files; without seconds the name says why not. */
export interface PeerMean {
  readonly name: string
  readonly seconds: number | undefined
}

const run = promisify(execFile)
const numpyScript = fileURLToPath(new URL('../peers/mean.py', import.meta.url))

/** With the first python3 that has NumPy (Debian: python3-numpy). */
export async function numpyMean(paths: readonly string[]): Promise<PeerMean> {
  for (const python of ['python3', '/usr/bin/python3']) {
    const hasNumpy = await run(python, ['-c', 'import numpy']).then(
      () => true,
      () => false,
    )
    if (!hasNumpy) continue
    const { stdout } = await run(python, [numpyScript, ...paths])
    const [version, seconds] = stdout.trim().split(' ')
    return { name: `NumPy ${version}, float64 sums`, seconds: Number(seconds) }
  }
  return { name: 'no python3 with NumPy here, so its mean does not stand beside', seconds: undefined }
}

/** More than this the heap and a tensor for each update do not hold. */
const maxTfjsBytes = 1e9

/** As DisCo does: a tensor for each update, added one after another, on TensorFlow.js's own backend. */
export async function tfjsAdds(paths: readonly string[]): Promise<PeerMean> {
  const tf = await import('@tensorflow/tfjs-core')
  await import('@tensorflow/tfjs-backend-cpu')
  await tf.setBackend('cpu')
  const name = `TensorFlow.js ${tf.version_core} on its cpu backend, tensor by tensor in float32`
  const arrays: Float32Array[] = []
  for (const path of paths) {
    const bytes = await readFile(path)
    if (bytes.byteLength * paths.length > maxTfjsBytes)
      return {
        name: `${name}: not tried, the tensors would take ${(bytes.byteLength * paths.length) / 1e9} GB`,
        seconds: undefined,
      }
    arrays.push(new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4))
  }
  const begin = performance.now()
  const mean = tf.tidy(() => {
    const sum = arrays.map((values) => tf.tensor1d(values)).reduce((total, each) => tf.add(total, each))
    return tf.div(sum, arrays.length)
  })
  await mean.data()
  mean.dispose()
  return { name, seconds: (performance.now() - begin) / 1000 }
}
