import { readSafetensors, writeImageDataset } from '@panal/client-core'
import { digitsSchema, type PreparedTask } from '@panal/simulations'

/** Examples in each of the server's sets: judging is local computation, and not what this measures. */
const numJudged = 100

/** The same task, judged by a hundred examples. */
export const smallSets = (prepared: PreparedTask): PreparedTask => {
  const shrink = (bytes: Uint8Array): Uint8Array => {
    const { tensors } = readSafetensors(bytes)
    const pixels = new Uint8Array(tensors.x!.values.subarray(0, numJudged * 784))
    return writeImageDataset(pixels, new Uint8Array(tensors.y!.values.subarray(0, numJudged)), digitsSchema)
  }
  const { evaluation, calibration, gate } = prepared.sets
  return { ...prepared, sets: { evaluation: shrink(evaluation), calibration: shrink(calibration), gate: shrink(gate) } }
}
