import { createHash } from 'node:crypto'
import { Agent } from 'node:http'
import { makeRng, systemClock, type Assignment } from '@panal/client-core'
import { request } from './http.ts'
import { proof, type Identity } from './identity.ts'
import { Timings } from './timings.ts'

const clock = systemClock({ setTimeout, clearTimeout })

/** The bytes that every device uploads: a small random delta in codec f32. */
export interface Update {
  readonly bytes: Buffer
  readonly sha256: string
}

export function smallUpdate(numParams: number): Update {
  const rng = makeRng('delta')
  const bytes = Buffer.from(Float32Array.from({ length: numParams }, () => rng.normal() * 1e-6).buffer)
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex') }
}

export const updateUrl = (server: string, { taskId, roundNumber }: Assignment, { sha256 }: Update): string =>
  `${server}/v1/tasks/${taskId}/rounds/${roundNumber}/updates/${sha256}`

export const updateHeaders = ({ manifest }: Assignment, { bytes }: Update): Record<string, string> => ({
  'content-type': 'application/octet-stream',
  'panal-update': JSON.stringify({
    codec: 'f32',
    bytes: bytes.length,
    baseVersion: manifest.version,
    numExamples: 100,
    numSteps: 1,
  }),
})

/** What devices do that train in no time: fetch the weights, send an update, read the receipt. */
export class ActiveDevices {
  /** When each offer came, by round: epoch ms. */
  readonly offers = new Map<number, number[]>()
  /** From the last byte that left to the receipt, ms. */
  readonly uploads = new Timings()
  readonly #server: string
  readonly #update: Update
  #resting = false
  #closed = false
  readonly #agent = new Agent({ keepAlive: true })
  readonly #onProblem: (problem: string) => void

  constructor(server: string, update: Update, onProblem: (problem: string) => void) {
    this.#server = server
    this.#update = update
    this.#onProblem = onProblem
  }

  /** Takes one offer, as it comes in. */
  take(identity: Identity, assignment: Assignment): void {
    const times = this.offers.get(assignment.roundNumber) ?? []
    this.offers.set(assignment.roundNumber, times)
    times.push(clock.now())
    if (this.#resting) return
    this.#work(identity, assignment).catch((error: unknown) => {
      if (!this.#closed) this.#onProblem(String(error))
    })
  }

  /** Takes no further offer; what is under way goes on. */
  rest(): void {
    this.#resting = true
  }

  /** What is under way is cut, and no problem. */
  close(): void {
    this.#closed = true
    this.#agent.destroy()
  }

  async #work(identity: Identity, assignment: Assignment): Promise<void> {
    const agent = this.#agent
    const blob = `${this.#server}/v1/blobs/${assignment.manifest.weightsSha256}`
    const weights = await request(blob, { method: 'GET', agent, discard: true })
    if (weights.status !== 200) throw new Error(`weights: ${weights.status}`)
    const url = updateUrl(this.#server, assignment, this.#update)
    const headers = { ...updateHeaders(assignment, this.#update), ...(await proof(identity, 'PUT', url)) }
    const receipt = await request(url, { method: 'PUT', agent, headers, body: this.#update.bytes })
    if (receipt.status === 200) this.uploads.add(receipt.waitedMs)
    else throw new Error(`update: ${receipt.status} ${receipt.body.toString()}`)
  }
}
