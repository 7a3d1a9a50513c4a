import Table from 'cli-table3'
import type { CliContext } from './context.ts'

type Cell = string | number | null | undefined

/** A plain table without rules, so that it can be cut and grepped; '–' where there is nothing. */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const empty = Object.fromEntries(
    [
      'top',
      'top-mid',
      'top-left',
      'top-right',
      'bottom',
      'bottom-mid',
      'bottom-left',
      'bottom-right',
      'left',
      'left-mid',
      'mid',
      'mid-mid',
      'right',
      'right-mid',
    ].map((part) => [part, '']),
  )
  const printed = new Table({
    head: [...head],
    chars: { ...empty, middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  })
  printed.push(...rows.map((row) => row.map((cell) => (cell === null || cell === undefined ? '–' : String(cell)))))
  return `${printed.toString().replace(/ +$/gm, '')}\n`
}

/** Name and value, one a line. */
export const fields = (entries: Readonly<Record<string, Cell>>): string =>
  table(['', ''], Object.entries(entries)).replace(/^\s*\n/, '')

/** The server's answer as JSON where `--json` asks for it, else as people read it. */
export function show(context: CliContext, json: boolean | undefined, answer: unknown, text: () => string): void {
  context.print(json === true ? `${JSON.stringify(answer, null, 2)}\n` : text())
}

export const percent = (fraction: number | undefined): string | undefined =>
  fraction === undefined ? undefined : `${(100 * fraction).toFixed(2)} %`

export const decimals = (value: number | undefined, digits = 4): string | undefined => value?.toFixed(digits)

export const when = (at: number | undefined): string | undefined =>
  at === undefined ? undefined : new Intl.DateTimeFormat('sv', { dateStyle: 'short', timeStyle: 'medium' }).format(at)

export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`

export const seconds = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : `${(ms / 1000).toFixed(2)} s`

/** 1 device, 2 devices. */
export const countOf = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`
