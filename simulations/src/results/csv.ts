import { assertRuns, textFile, type ResultWriter } from './result-writer.ts'
import { resultTables, type ResultTable } from './result-tables.ts'

/** A CSV file for each table: comma, a header row, cells quoted where they must be, '' where missing (RFC 4180, with \n). */
export const csv: ResultWriter = {
  name: 'csv',
  write(runs) {
    assertRuns(runs)
    return resultTables(runs).map((table) => textFile(`${table.name}.csv`, tableCsv(table)))
  },
}

export function tableCsv({ columns }: ResultTable): string {
  const rows = columns[0]!.values.map((_, row) => columns.map(({ values }) => cell(values[row] ?? '')).join(','))
  return [columns.map(({ name }) => cell(name)).join(','), ...rows, ''].join('\n')
}

function cell(value: string | number): string {
  const text = String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
