import { isMissing } from '@panal/client-core'

type Numbers = Float32Array | Float64Array | Int32Array

/** Numbers whose count is known only at the end of a file. */
export class Growing<Kind extends Numbers> {
  readonly #make: (length: number) => Kind
  #held: Kind
  #length = 0

  constructor(make: (length: number) => Kind) {
    this.#make = make
    this.#held = make(1024)
  }

  push(value: number): void {
    if (this.#length === this.#held.length) {
      const larger = this.#make(2 * this.#length)
      larger.set(this.#held)
      this.#held = larger
    }
    this.#held[this.#length++] = value
  }

  get length(): number {
    return this.#length
  }

  /** What was pushed so far; a view. */
  get values(): Kind {
    return this.#held.subarray(0, this.#length) as Kind
  }
}

export const int32s = () => new Growing((length) => new Int32Array(length))
export const float32s = () => new Growing((length) => new Float32Array(length))
export const float64s = () => new Growing((length) => new Float64Array(length))

/** A copy of its own: a piece cut out of a long text keeps all of that text alive. */
export const detached = (text: string): string => Buffer.from(text, 'utf16le').toString('utf16le')

/** Texts as numbers: each distinct one is kept once. */
export class Texts {
  readonly #codeOf = new Map<string, number>()
  readonly #codes = int32s()
  /** Distinct texts in the order in which they came. */
  readonly values: string[] = []

  /** @returns whether it is the first of its kind */
  add(text: string): boolean {
    const known = this.#codeOf.get(text)
    const code = known ?? this.values.length
    if (known === undefined) {
      const own = detached(text)
      this.values.push(own)
      this.#codeOf.set(own, code)
    }
    this.#codes.push(code)
    return known === undefined
  }

  /** [n] index into `values`. */
  get codes(): Int32Array {
    return this.#codes.values
  }
}

/**
 * One column of a table, kept small: 8 bytes a cell while every cell is spelt as its number prints, else 4 bytes and each
 * distinct text once. What `texts` gives does not depend on which.
 */
export class Cells {
  #numbers: Growing<Float64Array> | undefined = float64s()
  #texts: Texts | undefined

  /** @param cell '' or NA where missing; NaN, as some programs write a missing number, is missing as well */
  add(cell: string): void {
    const text = isMissing(cell) || cell === 'NaN' || cell === 'nan' ? '' : cell
    if (this.#texts !== undefined) return void this.#texts.add(text)
    const number = text === '' ? NaN : Number(text)
    if (text === '' || String(number) === text) return this.#numbers!.push(number)
    const texts = new Texts()
    for (const earlier of this.texts(Int32Array.from(this.#numbers!.values.keys()))) texts.add(earlier)
    texts.add(text)
    this.#texts = texts
    this.#numbers = undefined
  }

  /** The cells of these rows as they were written; '' where missing. */
  texts(rows: Int32Array): string[] {
    const texts = this.#texts
    if (texts !== undefined) {
      const { codes, values } = texts
      return Array.from(rows, (row) => values[codes[row]!]!)
    }
    const numbers = this.#numbers!.values
    return Array.from(rows, (row) => (Number.isNaN(numbers[row]!) ? '' : String(numbers[row]!)))
  }
}
