import type { Pointers, RoundSummary, SessionState } from '@panal/client-core'

/** What the demo shows while rounds run. */
export interface RoundsView {
  /** Oldest first; the last one may still be open. `pointers` are those after the round. */
  readonly rounds: readonly { readonly round: RoundSummary; readonly pointers: Pointers | undefined }[]
  /** How many of the fleet's devices are in each state. */
  readonly devices: Readonly<Partial<Record<SessionState['state'], number>>>
}

/** Where the demo shows what happens: a terminal that can redraw, or a plain stream of lines. */
export interface Screen {
  /** A step of the start, with a bar while it lasts; `advance` moves it on towards `total`. */
  step<T>(label: string, total: number, work: (advance: (by: number) => void) => Promise<T>): Promise<T>
  /** The rounds as they stand now; replaces what was shown before. */
  showRounds(view: RoundsView): void
  /** Lines that stay. */
  say(text: string): void
  /** Leaves what was shown last, and gives the cursor back. */
  close(): void
}

/** Why a round promoted no model; undefined where it did, or nobody said. */
export const whyNot = ({ outcome, reason }: RoundSummary): string | undefined =>
  outcome === undefined || outcome === 'promoted' || reason === undefined ? undefined : `${outcome}: ${reason}`

/** What looks like a fault in the table and is none. */
export const whatLateMeans = 'late: more devices are asked than are needed, and the round does not wait for the slowest'

const inOrder: readonly SessionState['state'][] = [
  'connecting',
  'waiting',
  'paused',
  'downloading',
  'training',
  'uploading',
  'personalising',
  'left',
]

/** `12 waiting, 6 training, 2 uploading` */
export const describeDevices = (devices: RoundsView['devices']): string =>
  inOrder.flatMap((state) => (devices[state] === undefined ? [] : [`${devices[state]} ${state}`])).join(', ')
