import { isMissing, type DataSchema, type Dataset } from '@panal/client-core'
import { certain, type BaselinePredictions, type HeuristicRule } from './baseline.ts'

/** @throws Error in plain words where the set has no such column or the data no such class */
export function answerByRule(dataset: Dataset, { classes }: DataSchema, rule: HeuristicRule): BaselinePredictions {
  const values = dataset.columns?.[rule.column]
  if (values === undefined) throw new Error(`the gate set has no column ${rule.column}, which the rule asks for`)
  const [then, otherwise] = [classes.indexOf(rule.then), classes.indexOf(rule.otherwise)]
  if (then < 0 || otherwise < 0) throw new Error('the rule answers with what is no class')
  const answers = values.map((raw) => (!isMissing(raw) && holds(raw, rule) ? then : otherwise))
  return certain(answers, dataset.y, classes.length)
}

/** Numbers are compared as numbers where both are; else as they are written, and nothing is greater than another. */
function holds(raw: string, { op, value }: HeuristicRule): boolean {
  const [left, right] = [Number(raw), Number(value)]
  const areNumbers = Number.isFinite(left) && Number.isFinite(right)
  const isEqual = areNumbers ? left === right : raw === String(value)
  switch (op) {
    case '=':
      return isEqual
    case '!=':
      return !isEqual
    case '<':
      return areNumbers && left < right
    case '<=':
      return areNumbers && left <= right
    case '>':
      return areNumbers && left > right
    case '>=':
      return areNumbers && left >= right
  }
}
