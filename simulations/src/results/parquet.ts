import { parquetWriteBuffer } from 'hyparquet-writer'
import { assertRuns, type ResultWriter } from './result-writer.ts'
import { resultTables, type ResultColumn } from './result-tables.ts'

/** A Parquet file for each table: counts as INT64, numbers as DOUBLE, texts as UTF-8, nulls where missing; Snappy. */
export const parquet: ResultWriter = {
  name: 'parquet',
  write(runs) {
    assertRuns(runs)
    return resultTables(runs).map(({ name, columns }) => ({
      path: `${name}.parquet`,
      bytes: new Uint8Array(parquetWriteBuffer({ columnData: columns.map(columnData) })),
    }))
  },
}

function columnData(column: ResultColumn) {
  const { name } = column
  if (column.kind === 'text') return { name, data: [...column.values], type: 'STRING' as const, nullable: true }
  if (column.kind === 'number') return { name, data: [...column.values], type: 'DOUBLE' as const, nullable: true }
  return {
    name,
    data: column.values.map((value) => (value === null ? null : BigInt(value))),
    type: 'INT64' as const,
    nullable: true,
  }
}
