import { readFile } from 'node:fs/promises'
import { readTable, type Column, type TableSchema } from '@panal/client-core'

/** Loan applications: see simulations/data/README.md. */
export interface CreditTable {
  readonly header: string
  /** One CSV line for each application, without the header. */
  readonly rows: readonly string[]
  /** Raw values by column, in the order of `rows`; '' where missing. */
  readonly columns: Readonly<Record<string, readonly string[]>>
}

export const creditLabel = 'Status'

const categories = {
  Home: ['rent', 'owner', 'priv', 'ignore', 'parents', 'other'],
  Marital: ['single', 'married', 'widow', 'separated', 'divorced'],
  Records: ['no', 'yes'],
  Job: ['fixed', 'freelance', 'partime', 'others'],
}
const numbers = ['Seniority', 'Time', 'Age', 'Expenses', 'Income', 'Assets', 'Debt', 'Amount', 'Price']
/** Missing often enough that its being missing says something. */
const telling = ['Income', 'Assets']

/** The 4,454 applications of simulations/data/credit.csv. @throws PanalError 'invalid-dataset' */
export async function loadCredit(): Promise<CreditTable> {
  const text = await readFile(new URL('../../data/credit.csv', import.meta.url), 'utf8')
  const [header = '', ...rows] = text.trimEnd().split('\n')
  const { columns = {} } = readTable(
    text,
    creditSchema(() => ({ mean: 0, std: 1 })),
  )
  return { header, rows, columns }
}

export const creditCsv = ({ header, rows }: CreditTable, indices: readonly number[]): string =>
  [header, ...indices.map((index) => rows[index]!), ''].join('\n')

/** The schema with the mean and standard deviation that `rows`, the training part only, have in each numeric column. */
export function fitCreditSchema({ columns }: CreditTable, rows: readonly number[]): TableSchema {
  return creditSchema((name) => {
    const present = rows.map((row) => columns[name]![row]!).filter((raw) => raw !== '')
    const values = present.map(Number)
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
    return { mean: round(mean), std: round(Math.sqrt(variance)) }
  })
}

/** Six significant digits: a person reads the document too. */
const round = (value: number): number => Number(value.toPrecision(6))

const creditSchema = (statistics: (name: string) => { mean: number; std: number }): TableSchema => ({
  kind: 'table',
  columns: [
    ...numbers.map((name): Column => ({
      name,
      kind: 'numeric',
      ...statistics(name),
      missing: telling.includes(name) ? 'indicator' : 'mean',
    })),
    ...Object.entries(categories).map(([name, values]): Column => ({
      name,
      kind: 'categorical',
      values,
      missing: 'zeros',
    })),
  ],
  label: { column: creditLabel },
  classes: ['bad', 'good'],
})
