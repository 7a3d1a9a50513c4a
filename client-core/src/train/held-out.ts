import type { Dataset } from '../data/dataset.ts'
import { tensorSize } from '../model/layout.ts'
import { makeRng, uniformInt } from '../model/rng.ts'
import type { DeviceId } from '../protocol/ids.ts'
import type { Plan } from '../protocol/task.ts'
import { gather } from './batches.ts'
import { defaultHoldout } from './personalisation/registry.ts'

export interface HeldOutSplit {
  readonly train: Dataset
  /** Null where no example fell on this side. */
  readonly heldOut: Dataset | null
}

/** By which one device holds out examples of one task. */
export const holdoutSalt = (taskId: string, deviceId: DeviceId): string => `${taskId}/${deviceId}`

/** Share of a device's examples that a plan lets it train on, on average. */
export const trainedShare = ({ personalisation }: Pick<Plan, 'personalisation'>): number =>
  personalisation === undefined ? 1 : 1 - (personalisation.holdout ?? defaultHoldout)

/**
 * What a plan lets a device train on, and what it holds out to measure its models with. On which side an example is follows
 * from its own values and the salt alone: one that was held out stays so when others come, and its copies with it. So each is
 * held out with the plan's probability, and how many are varies. Where nothing would be left to train on, nothing is held out:
 * the one case in which an example changes sides when others come.
 */
export function splitHeldOut(data: Dataset, plan: Pick<Plan, 'personalisation'>, salt: string): HeldOutSplit {
  const share = 1 - trainedShare(plan)
  if (share === 0) return { train: data, heldOut: null }
  const width = tensorSize(data.inputShape)
  const bits = new Uint32Array(data.x.buffer, data.x.byteOffset, data.x.length)
  const seed = uniformInt(makeRng(salt).fork('held-out'), 2 ** 32)
  const isHeldOut = (row: number): boolean =>
    hashOf(bits.subarray(row * width, (row + 1) * width), seed ^ data.y[row]!) < share * 2 ** 32
  const rows = Int32Array.from({ length: data.numExamples }, (_, row) => row)
  const held = rows.filter(isHeldOut)
  if (held.length === 0 || held.length === rows.length) return { train: data, heldOut: null }
  return {
    train: only(
      data,
      rows.filter((row) => !isHeldOut(row)),
    ),
    heldOut: only(data, held),
  }
}

const only = (data: Dataset, rows: Int32Array): Dataset => ({
  numExamples: rows.length,
  inputShape: data.inputShape,
  ...gather(data, rows),
})

/** MurmurHash3 of 32-bit words (Appleby, public domain): uniform in [0, 2^32). */
function hashOf(words: Uint32Array, seed: number): number {
  let h = seed
  for (let i = 0; i < words.length; i++) {
    let k = Math.imul(words[i]!, 0xcc9e2d51)
    k = Math.imul((k << 15) | (k >>> 17), 0x1b873593)
    h ^= k
    h = (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0
  }
  h ^= 4 * words.length
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
