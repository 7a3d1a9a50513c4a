import { Badge } from '@mantine/core'
import type { Pointers } from '@panal/client-core'

const pointerColors = { champion: 'honey', head: 'blue', anchor: 'gray' } as const

/** Which of the task's pointers stand on a version. */
export function PointerBadges({ version, pointers }: { readonly version: number; readonly pointers: Pointers }) {
  return (['champion', 'head', 'anchor'] as const)
    .filter((name) => pointers[name] === version)
    .map((name) => (
      <Badge key={name} size="xs" variant="filled" color={pointerColors[name]}>
        {name}
      </Badge>
    ))
}
