import { readFile } from 'node:fs/promises'
import { decodeText, PanalError, readCsv, type DataProblem } from '@panal/client-core'
import type { Command } from 'commander'
import { simpson } from '../gate/statistics/simpson.ts'
import { ComparisonError, strataOfTable, type ComparedTable, type Comparison } from '../gate/strata-of-table.ts'
import { CommandError, exitCodes, type CliContext } from './context.ts'
import { show } from './output.ts'
import { simpsonText } from './simpson-text.ts'

interface SimpsonOptions {
  readonly data: string
  readonly outcome: string
  readonly group: string
  readonly strata: string
  readonly count?: string
  readonly json?: boolean
}

/** `panal simpson`: works on a file alone, without a server. */
export function simpsonCommand(program: Command, context: CliContext): void {
  program
    .command('simpson')
    .description('does a table say the same as its parts? Simpson’s paradox, mix shift, masking')
    .requiredOption('--data <file>', 'a CSV file with a header row: one row a case, or one a count')
    .requiredOption('--outcome <column=value>', 'what is counted: admitted=yes')
    .requiredOption(
      '--group <column[=value]>',
      'the two groups compared; with a value, that one against all the others',
    )
    .requiredOption('--strata <column>', 'the parts')
    .option('--count <column>', 'how many cases a row stands for')
    .option('--json', 'print JSON')
    .action(async (options: SimpsonOptions) => {
      const comparison = comparisonOf(options)
      const table = compare(await readTableFile(options.data), comparison)
      const report = simpson(table.strata)
      if (report === undefined)
        throw new CommandError(
          exitCodes.refused,
          'no-stratum',
          `no value of ${comparison.strata} has cases of both groups, ${table.candidate} and ${table.reference}: nothing can be compared`,
        )
      const { candidate, reference, numLeftOut, strata } = table
      const counts = strata.map(({ name, ...arms }) => ({ name, ...arms }))
      show(context, options.json, { ...comparison, candidate, reference, numLeftOut, counts, ...report }, () =>
        simpsonText(comparison, table, report),
      )
    })
}

const comparisonOf = ({ outcome, group, strata, count }: SimpsonOptions): Comparison => {
  const { column, value } = columnAndValue(outcome)
  if (value === undefined)
    throw new CommandError(exitCodes.usage, 'bad-argument', '--outcome is COLUMN=VALUE: admitted=yes, say')
  const of = columnAndValue(group)
  return {
    outcome: { column, value },
    group: { column: of.column, ...(of.value !== undefined && { value: of.value }) },
    strata,
    ...(count !== undefined && { count }),
  }
}

/** Split at the first equals sign. */
function columnAndValue(text: string): { column: string; value: string | undefined } {
  const at = text.indexOf('=')
  return at < 0 ? { column: text, value: undefined } : { column: text.slice(0, at), value: text.slice(at + 1) }
}

async function readTableFile(path: string) {
  const bytes = await readFile(path).catch((cause: unknown) => {
    const { code = 'cannot be read' } = cause as NodeJS.ErrnoException
    throw new CommandError(exitCodes.usage, 'unreadable', `${path}: ${code === 'ENOENT' ? 'no such file' : code}`)
  })
  try {
    return readCsv(decodeText(bytes))
  } catch (error) {
    if (!(error instanceof PanalError)) throw error
    const { errors = [] } = error.extra as { errors?: readonly DataProblem[] }
    const lines = errors.map(({ row, column, message }) =>
      [row === undefined ? '' : `row ${row}: `, column === undefined ? '' : `column ${column}: `, message].join(''),
    )
    throw new CommandError(exitCodes.usage, error.code, `${path} is not a table that can be read`, lines)
  }
}

function compare(table: Awaited<ReturnType<typeof readTableFile>>, comparison: Comparison): ComparedTable {
  try {
    return strataOfTable(table, comparison)
  } catch (error) {
    if (!(error instanceof ComparisonError)) throw error
    throw new CommandError(exitCodes.usage, error.code, error.message, error.lines)
  }
}
