import type { PolicyRegistry, PolicySpec } from '@panal/server'
import { alie } from './alie.ts'
import type { Attack } from './attack.ts'
import { gaussian } from './gaussian.ts'
import { ipm } from './ipm.ts'
import { labelFlip } from './label-flip.ts'
import { mimic } from './mimic.ts'
import { modelReplacement } from './model-replacement.ts'
import { scaling } from './scaling.ts'
import { signFlip } from './sign-flip.ts'
import { sybil } from './sybil.ts'

/** What adversaries may do. A new attack is one file and one line here. */
export const attacks = {
  'sign-flip': signFlip,
  scaling,
  gaussian,
  alie,
  ipm,
  'label-flip': labelFlip,
  'model-replacement': modelReplacement,
  mimic,
  sybil,
} as const satisfies PolicyRegistry<Attack>
export type AttackSpec = PolicySpec<typeof attacks>
