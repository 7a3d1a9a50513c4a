import type { CorrectionSpec } from '../../protocol/task.ts'
import type { Correction } from './correction.ts'
import { feddyn } from './feddyn.ts'
import { scaffold } from './scaffold.ts'

/** What a plan's correction makes of a device's rounds. A new one is one file, one line here and one in the plan's schema. */
export function makeCorrection(spec: CorrectionSpec): Correction {
  switch (spec.name) {
    case 'scaffold':
      return scaffold()
    case 'feddyn':
      return feddyn(spec)
  }
}
