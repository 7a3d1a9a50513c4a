import { PanalError, readSafetensorsHeader, safetensorsHeaderEnd, type SafetensorsEntry } from '@panal/client-core'
import type { ByteReader } from '../store/blobs.ts'
import { CsvCounter } from './csv-shape.ts'

/** What a dataset file looks like before any task says how to read it. */
export type DatasetLook =
  | { readonly format: 'csv'; readonly numRows: number; readonly columns: readonly string[] }
  | { readonly format: 'safetensors'; readonly tensors: readonly Pick<SafetensorsEntry, 'name' | 'dtype' | 'shape'>[] }

const delimiters = [',', ';', '\t']

/** Refuses what is no dataset while it comes in, and says what it looks like. */
export interface DatasetLooker extends ByteReader {
  /** @throws PanalError 'invalid-dataset' as soon as the file can be neither */
  take(bytes: Uint8Array): void
  /** Whether it has seen all that it goes by: a header is enough. */
  isDone(): boolean
  /** Asked again, it says the same. @throws PanalError 'invalid-dataset' */
  end(): DatasetLook
}

/** Looks at a file of `numBytes`. Memory is bounded by a header's 1 MiB; a table costs about 10 ns a byte. */
export function datasetLooker(numBytes: number): DatasetLooker {
  let head: Uint8Array = new Uint8Array()
  let looker: DatasetLooker | undefined
  let look: DatasetLook | undefined
  const choose = (): DatasetLooker => {
    looker = beginsAsSafetensors(head) ? safetensorsLooker(numBytes) : tableLooker()
    looker.take(head)
    return looker
  }
  return {
    take(bytes) {
      if (looker !== undefined) {
        looker.take(bytes)
        return
      }
      head = Buffer.concat([head, bytes])
      if (head.length > 8) choose()
    },
    isDone: () => looker?.isDone() === true,
    end: () => (look ??= (looker ?? choose()).end()),
  }
}

/** A header's length and its bracket: as text, the upper bytes of that length would be NULs. */
const beginsAsSafetensors = (head: Uint8Array): boolean =>
  safetensorsHeaderEnd(head) !== undefined && String.fromCharCode(head[8] ?? 0) === '{'

function safetensorsLooker(numBytes: number): DatasetLooker {
  let head: Uint8Array = new Uint8Array()
  let look: DatasetLook | undefined
  const read = (): DatasetLook => {
    const { tensors } = readSafetensorsHeader(head, numBytes)
    look = { format: 'safetensors', tensors: tensors.map(({ name, dtype, shape }) => ({ name, dtype, shape })) }
    return look
  }
  return {
    take(bytes: Uint8Array) {
      if (look !== undefined) return
      head = Buffer.concat([head, bytes])
      if (head.length >= (safetensorsHeaderEnd(head) ?? 0)) read()
    },
    isDone: () => look !== undefined,
    end: () => look ?? read(),
  }
}

function tableLooker(): DatasetLooker {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const counters = delimiters.map((delimiter) => new CsvCounter(delimiter))
  const takeText = (text: string) => {
    if (text.includes('\0')) throw neither('it has a NUL in it, as no text has')
    for (const counter of counters) counter.take(text)
    if (counters.every(({ problem }) => problem !== undefined)) throw neither(problemOf(counters))
  }
  const decoded = (bytes?: Uint8Array) => {
    try {
      return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true })
    } catch (cause) {
      throw neither('it is not UTF-8 text', cause)
    }
  }
  return {
    take: (bytes: Uint8Array) => takeText(decoded(bytes)),
    isDone: () => false, // its rows are counted
    end(): DatasetLook {
      takeText(decoded())
      const shapes = counters.map((counter) => counter.end()).filter((shape) => shape !== undefined)
      const [widest] = shapes.sort((a, b) => b.columns.length - a.columns.length)
      if (widest === undefined) throw neither(problemOf(counters))
      return { format: 'csv', ...widest }
    },
  }
}

/** Of the delimiter that most likely was meant. */
const problemOf = (counters: readonly CsvCounter[]): string =>
  [...counters].sort((a, b) => b.numColumns - a.numColumns)[0]?.problem ?? ''

const neither = (why: string, cause?: unknown): PanalError =>
  new PanalError('invalid-dataset', `this is neither a CSV table nor a safetensors file: ${why}`, { cause })
