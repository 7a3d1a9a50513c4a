import type * as Tfjs from '@tensorflow/tfjs-core'
import { chooseBackend } from '../../gate/tfjs-backend.ts'
import { VectorError } from '../engine.ts'
import { nativePackages } from './native-packages.ts'

/**
 * TensorFlow.js on the fastest backend that is installed: CUDA, native CPU, else the one that the gate's models run on.
 * @throws VectorError 'no-device' if none starts
 */
export async function openTfjs(): Promise<typeof Tfjs> {
  for (const name of nativePackages) {
    const tf = await importIfThere(name)
    if (tf !== undefined) return tf
  }
  try {
    const tf = await import('@tensorflow/tfjs-core')
    await chooseBackend()
    return tf
  } catch (cause) {
    throw new VectorError('no-device', `TensorFlow.js has no backend here: ${String(cause)}`, { cause })
  }
}

/** A package that is not there, or whose library does not load, is one that is not used. */
async function importIfThere(name: string): Promise<typeof Tfjs | undefined> {
  try {
    const tf = (await import(name)) as typeof Tfjs
    await tf.ready()
    return tf
  } catch {
    return undefined
  }
}
