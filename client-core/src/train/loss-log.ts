import type { Scalar } from '@tensorflow/tfjs-core'

/** Losses are read back this many at a time: each read makes a GPU finish all work before it. */
const lossesPerRead = 16

interface Mean {
  sum: number
  weight: number
}
const meanOf = ({ sum, weight }: Mean): number => sum / weight

/** Keeps the losses of steps on the device until a few can be read at once, and averages them by epoch. */
export class LossLog {
  readonly #epochs: Mean[] = []
  #unread: { loss: Scalar; numExamples: number; epoch: number }[] = []
  #reported: Mean = { sum: 0, weight: 0 }

  /** Takes the scalar over: it is disposed when read. */
  add(loss: Scalar, numExamples: number, epoch: number): void {
    this.#unread.push({ loss, numExamples, epoch })
  }

  get full(): boolean {
    return this.#unread.length >= lossesPerRead
  }

  /** Mean loss of the examples since the last call. */
  async read(): Promise<number> {
    for (let next = this.#unread[0]; next !== undefined; next = this.#unread[0]) {
      const { loss, numExamples, epoch } = next
      const [value] = await loss.data<'float32'>()
      loss.dispose()
      this.#unread.shift()
      for (const mean of [(this.#epochs[epoch] ??= { sum: 0, weight: 0 }), this.#reported]) {
        mean.sum += value! * numExamples
        mean.weight += numExamples
      }
    }
    const since = meanOf(this.#reported)
    this.#reported = { sum: 0, weight: 0 }
    return since
  }

  /** Mean over the batches of an epoch; -1 is the last. All of its losses must have been read. */
  epochMean(epoch: number): number {
    return meanOf(this.#epochs.at(epoch)!)
  }

  dispose(): void {
    for (const { loss } of this.#unread) loss.dispose()
    this.#unread = []
  }
}
