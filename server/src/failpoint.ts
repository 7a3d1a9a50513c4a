/**
 * The points of a round at which a test may end the server with kill -9, in the order in which a round passes them.
 * Each is one line `failpoint('…')` where it says; `npm run test:faults` dies at every one and looks at what is left.
 */
export const failpoints = [
  'during-recovery',
  'after-open',
  'before-assign',
  'mid-upload',
  'after-temp',
  'after-rename',
  'before-row',
  'before-close',
  'after-close',
  'after-row-before-receipt',
  'after-receipt',
  'mid-aggregate',
  'after-blob',
  'before-commit',
  'after-commit',
  'during-gate',
  'before-promote',
  'after-promote',
  'mid-publish',
] as const
export type Failpoint = (typeof failpoints)[number]

/** `name:nth`, as the setting is written; '' is none. */
export const failpointPattern = `^$|^(${failpoints.join('|')}):[1-9]\\d{0,5}$`

let armed: { readonly name: string; passagesLeft: number } | undefined

/**
 * From now on the process dies at the nth passage of the named point. For the whole process, because that is what dies.
 * @param spec what `failpointPattern` matches
 */
export function armFailpoint(spec: string): void {
  const [name = '', nth] = spec.split(':')
  armed = name === '' ? undefined : { name, passagesLeft: Number(nth) }
}

/** Costs one comparison while nothing is armed. */
export function failpoint(name: Failpoint): void {
  if (armed === undefined || armed.name !== name) return
  armed.passagesLeft -= 1
  // No handler, no flush, no exit code of ours: the kernel takes the process as it stands.
  if (armed.passagesLeft === 0) process.kill(process.pid, 'SIGKILL')
}
