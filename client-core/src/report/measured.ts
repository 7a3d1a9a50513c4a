import type { CheckRow, Figure } from '../protocol/gate-report.ts'
import type { Sayable, Unit } from './numbers.ts'

/** What kind of number a row holds, told by what it is called: the first that fits. */
const kinds: readonly (readonly [RegExp, Unit])[] = [
  [/\blooks\b|\bnumber of\b|\bcases\b/i, 'count'],
  [/\blog loss\b/i, 'nats'],
  [/^power\b/i, 'points'],
  [/^(invariance|direction)\b/i, 'share'],
  [/^error gained\b/i, 'points'],
  [/accuracy|flips?\b|violation|\brate\b|\bshare\b|duplicates|overlap|classes in|agreement/i, 'share'],
]
/** Of two models: signed, and higher is better. */
const difference =
  /\bagainst\b|^accuracy by\b|^AUC by\b|\badjusted for\b|\bbetter than\b|\bworse than\b|\bdifference\b|\bdrop\b|\bfall\b|\bminus\b/i

/** How the numbers of a row are told. */
export function kindOfRow({ metric }: Pick<CheckRow, 'metric'>): Sayable {
  const isDifference = difference.test(metric)
  const unit = kinds.find(([pattern]) => pattern.test(metric))?.[1] ?? 'plain'
  return { unit: isDifference && unit === 'share' ? 'points' : unit, isDifference }
}

/** How the numbers of a forest plot are told: its lines are differences where it has a margin. */
export function kindOfForest({ unit, margin }: Extract<Figure, { kind: 'forest' }>): Sayable {
  const isDifference = margin !== undefined
  if (/share|accuracy|rate|point|percent|%/i.test(unit))
    return { unit: isDifference ? 'points' : 'share', isDifference }
  return { unit: /nat|loss/i.test(unit) ? 'nats' : 'plain', isDifference }
}
