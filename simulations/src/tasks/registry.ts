import { prepareCredit } from './credit.ts'
import { prepareDigits } from './digits.ts'
import type { PreparedTask, PrepareOptions } from './prepared-task.ts'

/** Tasks that come with their data. A new one is one file and one line here. */
export const tasks = {
  digits: prepareDigits,
  credit: prepareCredit,
} as const satisfies Record<string, (options: PrepareOptions) => Promise<PreparedTask>>
export type DemoTaskName = keyof typeof tasks
export const taskNames = Object.keys(tasks) as DemoTaskName[]
