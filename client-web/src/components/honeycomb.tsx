import type { RoundSummary } from '@panal/client-core'
import classes from './honeycomb.module.css'
import { combCells, slotsOf, type CellState } from './honeycomb-cells.ts'

const hexagon = (radius: number): string =>
  Array.from({ length: 6 }, (_, corner) => {
    const angle = (Math.PI / 3) * corner + Math.PI / 6
    return `${(radius * Math.cos(angle)).toFixed(2)},${(radius * Math.sin(angle)).toFixed(2)}`
  }).join(' ')

const classOf: Record<CellState, string | undefined> = {
  accepted: classes.accepted,
  rejected: classes.rejected,
  gone: classes.gone,
  asked: classes.asked,
  empty: classes.empty,
}

/** The round as a picture: one cell for each device asked; a cell fills when its update is in. */
export function Honeycomb({
  round,
  numEmpty = 19,
}: {
  readonly round: RoundSummary | null
  readonly numEmpty?: number
}) {
  const { states, devicesPerCell } = slotsOf(round, numEmpty)
  const cells = combCells(states.length)
  const [left, top, width, height] = boxOf(cells)
  const working = round?.phase === 'aggregating' || round?.phase === 'gating'
  return (
    <svg
      viewBox={`${left} ${top} ${width} ${height}`}
      className={classes.comb}
      role="img"
      aria-label={describe(round, devicesPerCell)}
      data-working={working}
      data-outcome={round?.outcome}
    >
      {cells.map(({ x, y }, index) => (
        <polygon
          key={index}
          points={hexagon(0.94)}
          transform={`translate(${x.toFixed(3)} ${y.toFixed(3)})`}
          className={`${classes.cell} ${classOf[states[index] ?? 'empty']}`}
        />
      ))}
    </svg>
  )
}

/** Around all cells, with room for their corners and edges; never so tight that one cell fills the picture. */
function boxOf(cells: readonly { readonly x: number; readonly y: number }[]): [number, number, number, number] {
  const xs = cells.map(({ x }) => x)
  const ys = cells.map(({ y }) => y)
  const size = Math.max(5, Math.max(...xs) - Math.min(...xs) + 2.2, Math.max(...ys) - Math.min(...ys) + 2.2)
  const middleX = (Math.max(...xs) + Math.min(...xs)) / 2
  const middleY = (Math.max(...ys) + Math.min(...ys)) / 2
  return [middleX - size / 2, middleY - size / 2, size, size]
}

function describe(round: RoundSummary | null, devicesPerCell: number): string {
  if (round === null) return 'No round yet: an empty honeycomb'
  const scale = devicesPerCell === 1 ? '' : `, each cell stands for ${devicesPerCell} devices`
  const outcome = round.outcome ?? round.phase
  return `Round ${round.number}, ${outcome}: ${round.numAccepted} of ${round.numInvited} devices have reported, ${round.numRejected} refused${scale}`
}
