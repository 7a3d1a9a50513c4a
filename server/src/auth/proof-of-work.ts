import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { isWorkDone, type Clock, type DeviceId, type Work, type WorkDone } from '@panal/client-core'

/** How long an answer may take. */
const challengeMs = 10 * 60_000

/**
 * A little work for each new device, so that thousands of them cost something. Stateless: a challenge says when it was
 * made, under a secret of this process. An answer is good for one device, and enrolling that one again changes nothing.
 */
export class ProofOfWork {
  readonly #secret = randomBytes(32)
  readonly #clock: Clock
  readonly #bits: number

  /** @param options.bits zero bits asked for: 2^bits hashes on average; 0 asks for none */
  constructor(options: { readonly clock: Clock; readonly bits: number }) {
    this.#clock = options.clock
    this.#bits = options.bits
  }

  challenge(): Work {
    const made = `${this.#clock.now().toString(36)}-${randomBytes(9).toString('base64url')}`
    return { challenge: `${made}.${this.#seal(made)}`, bits: this.#bits }
  }

  accepts(work: WorkDone | undefined, deviceId: DeviceId): boolean {
    if (this.#bits === 0) return true
    if (work === undefined) return false
    const [made = '', seal = ''] = work.challenge.split('.')
    const age = this.#clock.now() - parseInt(made, 36)
    return this.#isOurs(made, seal) && age < challengeMs && isWorkDone(work, this.#bits, deviceId)
  }

  #isOurs(made: string, seal: string): boolean {
    const expected = Buffer.from(this.#seal(made))
    const given = Buffer.from(seal)
    return expected.length === given.length && timingSafeEqual(expected, given)
  }

  #seal(made: string): string {
    return createHmac('sha256', this.#secret).update(made).digest('base64url')
  }
}
