import { createReadStream } from 'node:fs'
import papa from 'papaparse'
import { RecordedError, unreadable } from './recorded-error.ts'
import type { OnRead, RowBatch, TableFile } from './table-file.ts'

const pieceBytes = 2 ** 20
/** A row longer than this is a quote that nobody closed. */
const maxRowChars = 2 ** 26

/** UTF-8, any line ends. Memory: one piece of the file, and the row that it ends in. */
export async function openCsvFile(path: string, numBytes: number, onRead: OnRead): Promise<TableFile> {
  const records = recordsOf(path, numBytes, onRead)
  const first = await records.next()
  if (first.done === true) throw new RecordedError('empty-file', `${path} is empty`)
  const [header = [], ...rest] = first.value
  const columns = header.map((name) => name.trim())
  return { columns, batches: (wanted) => batchesOf(rest, records, columns, wanted) }
}

async function* batchesOf(
  rest: readonly (readonly string[])[],
  records: AsyncIterable<readonly (readonly string[])[]>,
  columns: readonly string[],
  wanted: readonly string[],
): AsyncGenerator<RowBatch> {
  const at = wanted.map((name) => columns.indexOf(name))
  let number = 1
  const batch = (rows: readonly (readonly string[])[]): RowBatch => {
    const numbers: number[] = []
    const cells = at.map((): string[] => [])
    for (const row of rows) {
      number++
      if (row.every((cell) => cell.trim() === '')) continue
      if (row.length !== columns.length)
        throw new RecordedError(
          'ragged-row',
          `row ${number}: ${row.length} cells where the header has ${columns.length}. Quote cells that contain the separator`,
        )
      numbers.push(number)
      at.forEach((from, column) => cells[column]!.push(row[from]!.trim()))
    }
    return { numbers, cells }
  }
  yield batch(rest)
  for await (const rows of records) yield batch(rows)
}

/** Whole records of the file, the header first, as many as each piece completes. */
async function* recordsOf(path: string, numBytes: number, onRead: OnRead): AsyncGenerator<string[][]> {
  let text = ''
  let parse: ((text: string, isLast: boolean) => { rows: string[][]; end: number }) | undefined
  for await (const { piece, done } of piecesOf(path)) {
    text += piece
    const isLast = piece === ''
    parse ??= parserOf(path, text)
    const { rows, end } = parse(text, isLast)
    text = text.slice(end)
    if (text.length > maxRowChars)
      throw new RecordedError('unreadable-file', `${path}: a row has no end; a quote in it is probably never closed`)
    onRead(done, numBytes)
    if (rows.length > 0) yield rows
  }
}

/** The separator is what the first piece suggests; every later one is read with the same. */
function parserOf(path: string, firstPiece: string) {
  // Without skipEmptyLines the line end at the end of a short file outvotes every separator but the comma.
  const guess = papa.parse(firstPiece, { header: false, newline: '\n', preview: 20, skipEmptyLines: true })
  const config = { delimiter: guess.meta.delimiter, newline: '\n', quoteChar: '"' } as const
  let numBefore = 0
  return (text: string, isLast: boolean) => {
    const parser = new papa.Parser(config)
    const { data, errors, meta } = parser.parse(text, 0, !isLast) as papa.ParseResult<string[]>
    const [error] = errors
    if (error !== undefined)
      throw new RecordedError(
        'unreadable-file',
        `${path}, row ${numBefore + (error.row ?? 0) + 1}: ${error.message.toLowerCase()}`,
      )
    // Where the file ends with a line end, papaparse sees an empty record after it.
    const rows = isLast && data.at(-1)?.join('') === '' ? data.slice(0, -1) : data
    numBefore += rows.length
    return { rows, end: isLast ? text.length : meta.cursor }
  }
}

/** The file as text with \n for every line end; an empty piece is the last. */
async function* piecesOf(path: string): AsyncGenerator<{ piece: string; done: number }> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let done = 0
  let held = ''
  const decode = (bytes?: Uint8Array): string => {
    const text = held + (bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true }))
    // Half a \r\n waits for its other half.
    held = bytes !== undefined && text.endsWith('\r') ? '\r' : ''
    return text.slice(0, text.length - held.length).replace(/\r\n?/g, '\n')
  }
  try {
    for await (const bytes of createReadStream(path, { highWaterMark: pieceBytes }) as AsyncIterable<Buffer>) {
      done += bytes.length
      const piece = decode(bytes)
      if (piece !== '') yield { piece, done }
    }
    const end = decode()
    if (end !== '') yield { piece: end, done }
  } catch (cause) {
    if (cause instanceof RecordedError) throw cause
    if ((cause as NodeJS.ErrnoException).code === 'ERR_ENCODING_INVALID_ENCODED_DATA')
      throw new RecordedError('unreadable-file', `${path} is not UTF-8 text: save it as “CSV UTF-8”, or as Parquet`)
    throw unreadable(path, cause)
  }
  yield { piece: '', done }
}
