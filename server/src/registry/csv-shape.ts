/** What a table looks like under one delimiter. */
export interface CsvShape {
  /** The cells of the first row. */
  readonly columns: readonly string[]
  /** Further rows, but for blank ones. */
  readonly numRows: number
}

/** Longer first rows name no columns. */
const maxHeaderLength = 1 << 20

const tooFewColumns = 'the first row does not name two columns'

type Place = 'start' | 'plain' | 'quoted' | 'after-quote'

/**
 * Counts the rows and columns of a CSV text (RFC 4180) as it comes, one character after the other, in memory that does
 * not grow with it. `problem` says why the text is no table under this delimiter, from where that is certain.
 */
export class CsvCounter {
  readonly #delimiter: string
  readonly #columns: string[] = []
  #problem: string | undefined
  #numRows = 0
  #row = 1
  #place: Place = 'start'
  #cells = 0
  #cell = ''
  #headerLength = 0
  #isBlank = true
  #endedByReturn = false

  constructor(delimiter: string) {
    this.#delimiter = delimiter
  }

  get problem(): string | undefined {
    return this.#problem
  }

  get numColumns(): number {
    return this.#columns.length
  }

  take(text: string): void {
    for (let at = this.#skipped(text, 0); at < text.length; at = this.#skipped(text, at + 1)) {
      if (this.#problem !== undefined) return
      this.#takeChar(text[at]!)
    }
  }

  /** @returns undefined where `problem` says why not */
  end(): CsvShape | undefined {
    if (this.#place === 'quoted') this.#problem ??= `row ${this.#row}: a quoted value does not end`
    else if (this.#place !== 'start' || this.#cells > 0) this.#endRow()
    if (this.numColumns < 2) this.#problem ??= tooFewColumns
    if (this.#numRows === 0) this.#problem ??= 'there is no row below the first'
    return this.#problem === undefined ? { columns: this.#columns, numRows: this.#numRows } : undefined
  }

  /** Where something may change, from `at` on: within a value below the first row only its end does. */
  #skipped(text: string, at: number): number {
    if (this.#row === 1 || this.#isBlank) return at
    if (this.#place === 'quoted') {
      const quote = text.indexOf('"', at)
      return quote < 0 ? text.length : quote
    }
    if (this.#place !== 'plain') return at
    let end = at
    while (end < text.length && text[end] !== this.#delimiter && text[end] !== '\n' && text[end] !== '\r') end++
    return end
  }

  #takeChar(char: string): void {
    const follows = this.#endedByReturn
    this.#endedByReturn = false
    if (this.#place === 'quoted') {
      if (char === '"') this.#place = 'after-quote'
      else this.#addToCell(char)
    } else if (char === this.#delimiter) this.#endCell()
    else if (char === '\n' || char === '\r') {
      if (char === '\n' && follows) return
      this.#endRow()
      this.#endedByReturn = char === '\r'
    } else if (char === '"' && this.#place === 'start') this.#place = 'quoted'
    else if (char === '"' && this.#place === 'after-quote') {
      this.#place = 'quoted'
      this.#addToCell(char)
    } else if (this.#place === 'after-quote') this.#problem = `row ${this.#row}: something follows a quoted value`
    else {
      this.#place = 'plain'
      this.#addToCell(char)
    }
  }

  #addToCell(char: string): void {
    if (char.trim() !== '') this.#isBlank = false
    if (this.#row > 1) return
    this.#cell += char
    this.#countHeader()
  }

  #countHeader(): void {
    if (++this.#headerLength > maxHeaderLength) this.#problem = 'the first row is longer than 1 MiB'
  }

  #endCell(): void {
    this.#cells++
    if (this.#row === 1) {
      this.#columns.push(this.#cell.trim())
      this.#countHeader()
    }
    this.#cell = ''
    this.#place = 'start'
  }

  #endRow(): void {
    this.#endCell()
    if (this.#row > 1 && !this.#isBlank) {
      if (this.#cells === this.numColumns) this.#numRows++
      else this.#problem = `row ${this.#row}: ${this.#cells} values where the first row has ${this.numColumns}`
    }
    if (this.numColumns < 2) this.#problem ??= tooFewColumns
    this.#row++
    this.#cells = 0
    this.#isBlank = true
  }
}
