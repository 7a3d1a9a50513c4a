import { Alert } from '@mantine/core'
import type { VersionView } from '../../api/types.ts'

export type JudgedView = Pick<VersionView, 'version' | 'status' | 'evaluation'>

interface GateObjectionProps {
  readonly version: JudgedView
}

/** What the gate has against serving this version, for whoever is about to. Nothing where it has nothing. */
export function GateObjection({ version: { status, evaluation } }: GateObjectionProps) {
  if (status === 'initial')
    return (
      <Alert color="yellow" title="These are the initial weights">
        Nothing was trained yet, and the gate has not judged.
      </Alert>
    )
  if (status !== 'rejected' && status !== 'held') return null
  return (
    <Alert color={status === 'rejected' ? 'red' : 'yellow'} title={`The gate ${status} it`}>
      {evaluation?.reason}
    </Alert>
  )
}
