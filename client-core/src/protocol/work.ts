import { sha256 } from '@noble/hashes/sha2.js'
import { Type, type Static } from 'typebox'
import type { DeviceId } from './ids.ts'

/** Beyond this, a phone would be busy for a minute: no server may ask for it. */
export const maxWorkBits = 22

const Challenge = Type.String({ minLength: 1, maxLength: 200 })

/** Proof of work: find an answer such that SHA-256(challenge.deviceId.answer) begins with `bits` zero bits. */
export const Work = Type.Object({
  challenge: Challenge,
  bits: Type.Integer({ minimum: 0, maximum: maxWorkBits }),
})
export type Work = Static<typeof Work>

export const WorkDone = Type.Object(
  { challenge: Challenge, answer: Type.Integer({ minimum: 0, maximum: 2 ** 40 }) },
  { additionalProperties: false },
)
export type WorkDone = Static<typeof WorkDone>

/** Good for this device only: nobody can hoard answers for others. One hash. */
export function isWorkDone({ challenge, answer }: WorkDone, bits: number, deviceId: DeviceId): boolean {
  const hash = sha256(new TextEncoder().encode(`${challenge}.${deviceId}.${answer}`))
  // bits ≤ 22: the first 32 bits decide
  const head = new DataView(hash.buffer, hash.byteOffset).getUint32(0)
  return bits === 0 || head >>> (32 - bits) === 0
}

/** Tries answers from 0 on: 2^bits of them on average, about 3 µs each. `breathe` is called every thousand. */
export async function doWork(
  { challenge, bits }: Work,
  deviceId: DeviceId,
  breathe: () => Promise<void>,
): Promise<WorkDone> {
  for (let answer = 0; ; answer++) {
    if (isWorkDone({ challenge, answer }, bits, deviceId)) return { challenge, answer }
    if (answer % 1000 === 999) await breathe()
  }
}
