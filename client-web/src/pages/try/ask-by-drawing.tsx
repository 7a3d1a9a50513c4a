import { Card, Group, Stack, Text, Title } from '@mantine/core'
import type { TaskCard } from '@panal/client-core'
import { useCallback, useState } from 'react'
import { DigitThumbnail } from '../../components/digit-thumbnail.tsx'
import { DrawingPad } from '../../components/drawing-pad.tsx'
import { digitSide } from '../../data/centre-digit.ts'
import type { PredictInput } from '../../device/worker-messages.ts'

interface AskProps {
  readonly card: TaskCard
  readonly ask: (question: PredictInput | null) => void
}

/** Draw a digit; each stroke asks anew. */
export function AskByDrawing({ card, ask }: AskProps) {
  const [clearCount, setClearCount] = useState(0)
  const [digit, setDigit] = useState<Uint8Array<ArrayBuffer> | null>(null)
  const change = useCallback(
    (pixels: Uint8Array<ArrayBuffer> | null) => {
      setDigit(pixels)
      ask(pixels === null ? null : { kind: 'pixels', pixels })
    },
    [ask],
  )
  if (card.data.kind !== 'image' || card.data.height !== digitSide || card.data.width !== digitSide)
    return <Text>Pictures of this task cannot be drawn here.</Text>
  return (
    <Card withBorder>
      <Stack align="center">
        <Title order={2} size="h4" style={{ alignSelf: 'flex-start' }}>
          Draw {card.data.classes.length === 10 ? 'a digit' : `one of ${card.data.classes.join(', ')}`}
        </Title>
        <DrawingPad onChange={change} clearCount={clearCount} onClear={() => setClearCount((count) => count + 1)} />
        <Group gap="xs" mih={44}>
          {digit !== null && (
            <>
              <DigitThumbnail pixels={digit} label="What the model sees" />
              <Text size="sm" c="dimmed">
                what the model sees
              </Text>
            </>
          )}
        </Group>
      </Stack>
    </Card>
  )
}
