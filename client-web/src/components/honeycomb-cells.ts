import type { RoundSummary } from '@panal/client-core'

export type CellState = 'accepted' | 'rejected' | 'gone' | 'asked' | 'empty'

/** More cells than this cannot be told apart: then each stands for several devices. */
const maxCells = 127

/** One state for each cell, accepted first, so that the comb fills from its centre. */
export function slotsOf(
  round: Pick<RoundSummary, 'phase' | 'numInvited' | 'numAccepted' | 'numRejected' | 'numDropped'> | null,
  numEmpty: number,
): { states: CellState[]; devicesPerCell: number } {
  if (round === null || round.numInvited === 0) return { states: fill('empty', numEmpty), devicesPerCell: 1 }
  const devicesPerCell = Math.ceil(round.numInvited / maxCells)
  const cellsOf = (devices: number): number => Math.round(devices / devicesPerCell)
  const numCells = Math.ceil(round.numInvited / devicesPerCell)
  const known: CellState[] = [
    ...fill('accepted', cellsOf(round.numAccepted)),
    ...fill('rejected', cellsOf(round.numRejected)),
    ...fill('gone', cellsOf(round.numDropped)),
  ]
  const rest = round.phase === 'collecting' ? 'asked' : 'gone'
  return { states: [...known, ...fill(rest, Math.max(0, numCells - known.length))].slice(0, numCells), devicesPerCell }
}

const fill = (state: CellState, length: number): CellState[] => Array.from({ length }, () => state)

/** Centres of `count` touching hexagons of radius 1, in rings around the middle. */
export function combCells(count: number): { x: number; y: number }[] {
  const cells: { x: number; y: number }[] = []
  for (let ring = 0; cells.length < count; ring++)
    for (const [q, r] of ringAt(ring)) {
      if (cells.length === count) break
      cells.push({ x: Math.sqrt(3) * (q + r / 2), y: 1.5 * r })
    }
  return cells
}

const directions = [
  [1, 0],
  [0, 1],
  [-1, 1],
  [-1, 0],
  [0, -1],
  [1, -1],
] as const

/** Axial coordinates of one ring, clockwise from its top. Source: https://www.redblobgames.com/grids/hexagons/#rings */
function ringAt(ring: number): [number, number][] {
  if (ring === 0) return [[0, 0]]
  const cells: [number, number][] = []
  let [q, r] = [0, -ring]
  for (const [stepQ, stepR] of directions)
    for (let step = 0; step < ring; step++) {
      cells.push([q, r])
      q += stepQ
      r += stepR
    }
  return cells
}
