import type { Conditions } from '../protocol/messages.ts'
import type { TaskCard } from '../protocol/task.ts'

/** Whether a device in these conditions, with so many examples, may work on the task now. */
export const isEligible = (
  { charging, unmetered, idle, minExamples = 1 }: TaskCard['eligibility'],
  conditions: Conditions,
  numExamples: number,
): boolean =>
  numExamples >= minExamples &&
  (charging !== true || conditions.charging) &&
  (unmetered !== true || conditions.unmetered) &&
  (idle !== true || conditions.idle)
