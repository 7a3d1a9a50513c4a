import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { PanalError } from '@panal/client-core'

/** N = 2^ln, block size r, passes p. Memory is 128·N·r bytes. */
export interface ScryptCost {
  readonly ln: number
  readonly r: number
  readonly p: number
}

/** 32 MiB and three passes: one of the equal choices of OWASP's Password Storage Cheat Sheet (2025). About 0.15 s. */
export const currentCost: ScryptCost = { ln: 15, r: 8, p: 3 }

/** The slow step itself, off the main thread. */
export type Derive = (password: string, salt: Uint8Array, cost: ScryptCost) => Promise<Buffer>

const keyBytes = 32
const saltBytes = 16
const busyMs = 2000

export const deriveByScrypt: Derive = (password, salt, { ln, r, p }) =>
  new Promise((resolve, reject) => {
    const [N, maxmem] = [2 ** ln, 2 * 128 * 2 ** ln * r]
    scrypt(password, salt, keyBytes, { N, r, p, maxmem }, (error, key) =>
      error === null ? resolve(key) : reject(error),
    )
  })

export interface HasherOptions {
  readonly cost?: ScryptCost
  readonly derive?: Derive
  /** Hashings at the same time. Node runs them on the same four threads as file access: two are left for the rounds. */
  readonly maxAtOnce?: number
  /** Further ones that wait their turn; what comes after those is told to come back. */
  readonly maxWaiting?: number
}

/** Passwords as PHC strings, `$scrypt$ln=15,r=8,p=3$salt$key`: each carries its cost, so that the cost can be raised. */
export class PasswordHasher {
  readonly #cost: ScryptCost
  readonly #derive: Derive
  readonly #maxAtOnce: number
  readonly #maxWaiting: number
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor(options: HasherOptions = {}) {
    this.#cost = options.cost ?? currentCost
    this.#derive = options.derive ?? deriveByScrypt
    this.#maxAtOnce = options.maxAtOnce ?? 2
    this.#maxWaiting = options.maxWaiting ?? 20
  }

  /** @throws PanalError 'busy' */
  async hash(password: string): Promise<string> {
    const salt = randomBytes(saltBytes)
    return write(this.#cost, salt, await this.#inTurn(password, salt, this.#cost))
  }

  /**
   * Whether this is the password, and whether its hash was made at another cost than today's. Where there is none to
   * compare with the same work is done: the time of the answer tells nothing. @throws PanalError 'busy'
   */
  async verify(password: string, stored: string | null): Promise<{ isRight: boolean; isOutdated: boolean }> {
    const { cost, salt, key } = stored === null ? this.#nobodys() : read(stored)
    const derived = await this.#inTurn(password, salt, cost)
    const isRight = timingSafeEqual(derived, key) && stored !== null
    return { isRight, isOutdated: !sameCost(cost, this.#cost) }
  }

  #nobodys() {
    return { cost: this.#cost, salt: Buffer.alloc(saltBytes), key: Buffer.alloc(keyBytes) }
  }

  async #inTurn(password: string, salt: Uint8Array, cost: ScryptCost): Promise<Buffer> {
    if (this.#running >= this.#maxAtOnce) await this.#turn()
    else this.#running += 1
    try {
      return await this.#derive(password, salt, cost)
    } finally {
      // The place goes to whoever has waited longest, or becomes free.
      const next = this.#waiting.shift()
      if (next === undefined) this.#running -= 1
      else next()
    }
  }

  #turn(): Promise<void> {
    if (this.#waiting.length >= this.#maxWaiting)
      throw new PanalError('busy', 'too many people sign in at this moment', { retryAfterMs: busyMs })
    return new Promise((resolve) => this.#waiting.push(resolve))
  }
}

const sameCost = (a: ScryptCost, b: ScryptCost): boolean => a.ln === b.ln && a.r === b.r && a.p === b.p

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64').replace(/=+$/, '')

const write = ({ ln, r, p }: ScryptCost, salt: Uint8Array, key: Uint8Array): string =>
  `$scrypt$ln=${ln},r=${r},p=${p}$${base64(salt)}$${base64(key)}`

function read(stored: string) {
  const [, ln, r, p, salt = '', key = ''] =
    /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([\w+/]+)\$([\w+/]{43})$/.exec(stored) ?? []
  if (key === '') throw new Error('a row holds a password hash of no known form')
  const cost = { ln: Number(ln), r: Number(r), p: Number(p) }
  return { cost, salt: Buffer.from(salt, 'base64'), key: Buffer.from(key, 'base64') }
}
