import type { TaskCard } from '@panal/client-core'
import type { DataSource } from '../../device/worker-messages.ts'

/** A source that can be used now, and how many examples it has; null while there is none. */
export interface ChosenData {
  readonly source: DataSource
  readonly numExamples: number
}

/** What each way to choose examples is given. */
export interface ChooserProps {
  readonly card: TaskCard
  readonly onChange: (chosen: ChosenData | null) => void
}
