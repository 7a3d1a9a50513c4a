import { Texts } from './cells.ts'
import { listed, RecordedError, shown } from './recorded-error.ts'
import type { Roles } from './roles.ts'

/** More are no classes but something that was measured. */
const maxClasses = 1000
/** What a single column is the probability of, where nobody says so. */
const usualPositives = ['1', 'true', 'True', 'TRUE']
const usualNegatives = ['0', 'false', 'False', 'FALSE']

/** Labels as they come; which classes they are is known once all were seen. */
export class Labels {
  readonly column: string
  readonly texts = new Texts()
  /** Of each distinct label, the row where it came first. */
  readonly firstRows: number[] = []

  constructor(column: string) {
    this.column = column
  }

  /** @throws RecordedError 'unknown-label' where there are too many */
  add(label: string, row: number): void {
    if (this.texts.add(label)) this.firstRows.push(row)
    if (this.texts.values.length > maxClasses)
      throw new RecordedError(
        'unknown-label',
        `${this.column} has more than ${maxClasses} different values by row ${row}; a label names one of a few classes`,
      )
  }
}

/**
 * The classes, and each row's as an index into them.
 * @throws RecordedError 'unknown-label' | 'bad-argument'
 */
export function classesOf(labels: Labels, roles: Roles): { classes: readonly string[]; labels: Int32Array } {
  const { texts } = labels
  const classes = roles.models.candidate?.classes ?? binaryClasses(labels, roles.positive)
  const codeOf = texts.values.map((label) => classes.indexOf(label))
  const unknown = codeOf.indexOf(-1)
  if (unknown >= 0)
    throw new RecordedError(
      'unknown-label',
      `row ${labels.firstRows[unknown]!}: ${labels.column} is ${shown(texts.values[unknown]!)}, which is none of the ${classes.length} classes:`,
      listed(classes),
    )
  return { classes, labels: texts.codes.map((code) => codeOf[code]!) }
}

/** Of one column of probabilities: the other class, then the one it speaks of. */
function binaryClasses({ texts, column }: Labels, positive: string | undefined): readonly string[] {
  const { values } = texts
  const speaksOf = positive ?? usualPositive(values)
  if (speaksOf === undefined)
    throw new RecordedError(
      'bad-argument',
      `--positive is missing: which of these labels is a single column the probability of?`,
      listed(sorted(values)),
    )
  const others = sorted(values.filter((label) => label !== speaksOf))
  if (others.length > 1)
    throw new RecordedError(
      'unknown-label',
      values.includes(speaksOf)
        ? `${column} has ${values.length} different labels, and a single column of probabilities tells two apart. With one column for each class: --candidate prefix:p_`
        : `no row has the label ${speaksOf}, which --positive names. The labels of ${column}:`,
      listed(sorted(values)),
    )
  return [others[0] ?? `not ${speaksOf}`, speaksOf]
}

function usualPositive(values: readonly string[]): string | undefined {
  const at = (list: readonly string[]) => list.findIndex((each) => values.includes(each))
  const [yes, no] = [at(usualPositives), at(usualNegatives)]
  const isUsual = values.every((label) => usualPositives.includes(label) || usualNegatives.includes(label))
  return isUsual ? usualPositives[yes >= 0 ? yes : no] : undefined
}

const sorted = (values: readonly string[]): string[] => [...values].sort()
