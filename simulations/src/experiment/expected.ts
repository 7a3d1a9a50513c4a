import { Type, type Static } from 'typebox'
import { when, type DocumentError } from '@panal/server'
import { lastTested } from '../results/last-tested.ts'
import type { HeldFigure, HeldRun, RoundRecord } from '../results/run-record.ts'

const closed = { additionalProperties: false }
const Share = Type.Number({ exclusiveMinimum: 0, maximum: 1 })
const Loss = Type.Number({ minimum: 0 })
const Rounds = Type.Integer({ minimum: 1, maximum: 1_000_000 })

/**
 * What each run of an experiment is held to when it has ended. `atMost` and `atLeast` are this project's bounds, `published` is
 * what others have reported and `source` says where. Nothing of it changes a run.
 */
export const Expected = Type.Object(
  {
    rounds: Type.Optional(
      Type.Object(
        { atMost: Rounds, published: Type.Optional(Rounds) },
        { ...closed, description: 'until the target is reached' },
      ),
    ),
    accuracy: Type.Optional(
      Type.Object(
        { atLeast: Share, published: Type.Optional(Share) },
        { ...closed, description: 'of the test set, by the model of the end' },
      ),
    ),
    loss: Type.Optional(
      Type.Object(
        { atMost: Loss, published: Type.Optional(Loss) },
        { ...closed, description: 'of the test set, by the model of the end' },
      ),
    ),
    source: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'of what is published' })),
  },
  closed,
)
export type Expected = Static<typeof Expected>

interface Bounded {
  readonly expected?: Expected
  readonly rounds: number
  readonly target?: object
}

/** What no field of it can say alone. */
export function contradictionsOfExpected({ expected, rounds: numRounds, target }: Bounded): DocumentError[] {
  if (expected === undefined) return []
  const { source, ...bounds } = expected
  const { rounds } = bounds
  const isPublished = Object.values(bounds).some(({ published }) => published !== undefined)
  return [
    ...when(Object.keys(bounds).length === 0, '/expected', 'must have rounds, accuracy or loss'),
    ...when(
      rounds !== undefined && target === undefined,
      '/expected/rounds',
      'needs a target: without one a run has all its rounds',
    ),
    ...when(
      rounds !== undefined && rounds.atMost > numRounds,
      '/expected/rounds/atMost',
      `must be at most rounds, ${numRounds}: no run has more`,
    ),
    ...when(isPublished && source === undefined, '/expected/source', 'is missing: it says where that is published'),
    ...when(!isPublished && source !== undefined, '/expected/source', 'is of no use: nothing published is named'),
  ]
}

/** A run that has ended. */
interface Ended {
  readonly rounds: readonly Pick<RoundRecord, 'accuracy' | 'loss'>[]
  readonly ended: { readonly why: string; readonly round: number }
}

const finite = (value: number | undefined): number | undefined => (Number.isFinite(value) ? value : undefined)

/** A figure that the run did not come to, such as a loss that is not a finite number, does not meet its bound; one that has diverged comes to none. */
export function heldTo({ source, ...bounds }: Expected, run: Ended): HeldRun {
  const last = run.ended.why === 'diverged' ? undefined : lastTested(run.rounds)
  const values = {
    rounds: run.ended.why === 'target' ? run.ended.round : undefined,
    accuracy: last?.accuracy,
    loss: last?.loss,
  }
  const figures = (['rounds', 'accuracy', 'loss'] as const).flatMap((name): HeldFigure[] => {
    const bound = bounds[name]
    if (bound === undefined) return []
    const value = finite(values[name])
    const isMet = value !== undefined && ('atMost' in bound ? value <= bound.atMost : value >= bound.atLeast)
    return [{ name, ...bound, ...(value !== undefined && { value }), isMet }]
  })
  return { isMet: figures.every(({ isMet }) => isMet), figures, ...(source !== undefined && { source }) }
}
