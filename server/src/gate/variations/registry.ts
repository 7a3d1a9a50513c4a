import type { TaskTerms } from '@panal/client-core'
import { policySchema, type PolicyRegistry, type PolicySpec } from '../../policy.ts'
import type { DocumentError } from '../../registry/document-errors.ts'
import { blur } from './blur.ts'
import { brightness } from './brightness.ts'
import { clipText } from './clip-text.ts'
import { contrast } from './contrast.ts'
import { missing } from './missing.ts'
import { moveColumn } from './move-column.ts'
import { noise } from './noise.ts'
import { permuteColumn } from './permute-column.ts'
import { pixelNoise } from './pixel-noise.ts'
import { rotate } from './rotate.ts'
import { setColumn } from './set-column.ts'
import { shift } from './shift.ts'
import { swapCategory } from './swap-category.ts'
import type { DatasetVariation } from './variation.ts'

/** How examples can be varied to see what a model makes of it. A new variation is one file and one line here. */
export const variations = {
  noise,
  missing,
  'swap-category': swapCategory,
  'clip-text': clipText,
  shift,
  rotate,
  blur,
  contrast,
  brightness,
  'pixel-noise': pixelNoise,
  'permute-column': permuteColumn,
  'set-column': setColumn,
  'move-column': moveColumn,
} as const satisfies PolicyRegistry<DatasetVariation>

/** One of them, as a task document writes it. */
export const VariationSpec = policySchema(variations)
export type VariationSpec = PolicySpec<typeof variations>

/** Where it does not fit the task; paths start at the spec. */
export function variationMisfits(spec: VariationSpec, terms: TaskTerms): DocumentError[] {
  const policies: PolicyRegistry<DatasetVariation> = variations
  return policies[spec.name]?.misfits?.(spec, terms) ?? []
}

/** As people read it: `noise, severity 3`. */
export function variationTitle({ name, ...options }: VariationSpec): string {
  const told = Object.entries(options).map(([option, value]) => `${option} ${value === '' ? 'missing' : value}`)
  return [name, ...told].join(', ')
}
