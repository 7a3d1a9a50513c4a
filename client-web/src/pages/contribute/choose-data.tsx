import { Card, SegmentedControl, Stack, Title } from '@mantine/core'
import type { TaskCard } from '@panal/client-core'
import { useState } from 'react'
import { digitSide } from '../../data/centre-digit.ts'
import type { ChooserProps } from './chosen-data.ts'
import { DrawDigits } from './draw-digits.tsx'
import { OwnFile } from './own-file.tsx'
import { SampleShard } from './sample-shard.tsx'

const canDraw = ({ data }: TaskCard): boolean =>
  data.kind === 'image' && data.height === digitSide && data.width === digitSide && data.channels === 1

const ownKind = (card: TaskCard): { label: string; Chooser: typeof DrawDigits } | null => {
  if (canDraw(card)) return { label: 'Draw my own', Chooser: DrawDigits }
  if (card.data.kind === 'table') return { label: 'A file of mine', Chooser: OwnFile }
  return null
}

/** Which examples this device trains on: one's own, or a public sample. */
export function ChooseData({ card, onChange }: ChooserProps) {
  const own = ownKind(card)
  const [kind, setKind] = useState<'own' | 'sample'>(own === null ? 'sample' : 'own')
  const Chooser = kind === 'own' && own !== null ? own.Chooser : SampleShard
  return (
    <Card withBorder>
      <Stack>
        <Title order={2} size="h4">
          1. Choose what to train on
        </Title>
        {own !== null && card.samples.length > 0 && (
          <SegmentedControl
            aria-label="Where the examples come from"
            fullWidth
            value={kind}
            onChange={(next) => {
              onChange(null)
              setKind(next === 'own' ? 'own' : 'sample')
            }}
            data={[
              { value: 'own', label: own.label },
              { value: 'sample', label: 'Borrow a sample' },
            ]}
          />
        )}
        <Chooser card={card} onChange={onChange} />
      </Stack>
    </Card>
  )
}
