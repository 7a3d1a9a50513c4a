import type { Migration } from 'kysely'
import { initial } from './001-initial.ts'
import { deviceKeys } from './002-device-keys.ts'
import { people } from './003-people.ts'
import { gateLooks } from './004-gate-looks.ts'
import { calibration } from './005-calibration.ts'
import { reportSignatures } from './006-report-signatures.ts'
import { judgements } from './007-judgements.ts'
import { setContents } from './008-set-contents.ts'
import { againstGate } from './009-against-gate.ts'
import { countedRounds } from './010-counted-rounds.ts'
import { forensics } from './011-forensics.ts'
import { replays } from './012-replays.ts'
import { aggregates } from './013-aggregates.ts'

/** In order of their names. A migration that was released is never edited: add the next one. */
export const migrations: Record<string, Migration> = {
  '001-initial': initial,
  '002-device-keys': deviceKeys,
  '003-people': people,
  '004-gate-looks': gateLooks,
  '005-calibration': calibration,
  '006-report-signatures': reportSignatures,
  '007-judgements': judgements,
  '008-set-contents': setContents,
  '009-against-gate': againstGate,
  '010-counted-rounds': countedRounds,
  '011-forensics': forensics,
  '012-replays': replays,
  '013-aggregates': aggregates,
}
