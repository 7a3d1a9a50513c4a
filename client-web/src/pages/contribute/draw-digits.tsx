import { ActionIcon, Button, Chip, Flex, Group, Modal, ScrollArea, Stack, Text, Tooltip } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconCheck, IconTrash } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { clock } from '../../clock.ts'
import { DigitThumbnail } from '../../components/digit-thumbnail.tsx'
import { DrawingPad } from '../../components/drawing-pad.tsx'
import type { Drawing } from '../../data/database.ts'
import { drawingsQuery, useForgetAllDrawings, useForgetDrawing, useKeepDrawing } from '../../data/own-data.ts'
import { sourceOfDrawings } from '../../data/drawings.ts'
import type { ChooserProps } from './chosen-data.ts'

/** Draw a digit, say which it is, keep it: in this browser only. */
export function DrawDigits({ card, onChange }: ChooserProps) {
  const { data: drawings = [] } = useQuery(drawingsQuery(card.id))
  const keep = useKeepDrawing(card.id)
  const [digit, setDigit] = useState<Uint8Array<ArrayBuffer> | null>(null)
  const [label, setLabel] = useState<string | null>(null)
  const [clearCount, setClearCount] = useState(0)

  useEffect(() => {
    onChange(drawings.length === 0 ? null : { source: sourceOfDrawings(drawings), numExamples: drawings.length })
  }, [drawings, onChange])

  const clear = () => setClearCount((count) => count + 1)
  const keepIt = () => {
    if (digit === null || label === null) return
    keep.mutate({ label: Number(label), pixels: digit, drawnAt: clock.now() })
    setLabel(null)
    clear()
  }

  return (
    <Stack>
      <Flex gap="lg" direction={{ base: 'column', xs: 'row' }} align={{ base: 'center', xs: 'flex-start' }}>
        <DrawingPad onChange={setDigit} clearCount={clearCount} onClear={clear} />
        <Stack gap="sm" flex={1} w="100%">
          <Group gap="sm" align="center">
            {digit !== null && <DigitThumbnail pixels={digit} label="What the model sees" size={56} />}
            <Text size="sm" c="dimmed">
              {digit === null ? 'Draw one digit.' : 'This is what the model sees.'}
            </Text>
          </Group>
          <Text size="sm" fw={500} id="digit-label">
            Which digit did you draw?
          </Text>
          <Chip.Group value={label} onChange={(next) => typeof next === 'string' && setLabel(next)}>
            <Group gap={6} role="radiogroup" aria-labelledby="digit-label">
              {card.data.classes.map((name, index) => (
                <Chip key={name} value={String(index)} size="sm" radius="sm">
                  {name}
                </Chip>
              ))}
            </Group>
          </Chip.Group>
          <Button
            leftSection={<IconCheck size={18} />}
            disabled={digit === null || label === null}
            loading={keep.isPending}
            onClick={keepIt}
            style={{ alignSelf: 'flex-start' }}
          >
            Keep this digit
          </Button>
          <Text size="xs" c="dimmed">
            Kept in this browser, nowhere else. A few of each digit help; even five are useful.
          </Text>
        </Stack>
      </Flex>
      <KeptDrawings taskId={card.id} classes={card.data.classes} drawings={drawings} />
    </Stack>
  )
}

interface KeptProps {
  readonly taskId: string
  readonly classes: readonly string[]
  readonly drawings: readonly Drawing[]
}

function KeptDrawings({ taskId, classes, drawings }: KeptProps) {
  const forget = useForgetDrawing(taskId)
  const forgetAll = useForgetAllDrawings(taskId)
  const [asking, { open, close }] = useDisclosure(false)
  if (drawings.length === 0) return null
  return (
    <Stack gap="xs">
      <Group justify="space-between">
        <Text size="sm" fw={500}>
          {drawings.length === 1 ? '1 digit kept' : `${drawings.length} digits kept`}
        </Text>
        <Button variant="subtle" color="red" size="compact-sm" onClick={open}>
          Delete all
        </Button>
      </Group>
      <ScrollArea.Autosize mah={200} type="auto">
        <Group gap={10} role="list" aria-label="Digits kept in this browser" p={4}>
          {drawings.toReversed().map(({ id, label, pixels }) => (
            <Thumbnail
              key={id}
              name={classes[label] ?? '?'}
              pixels={pixels}
              onForget={() => id !== undefined && forget.mutate(id)}
            />
          ))}
        </Group>
      </ScrollArea.Autosize>
      <Modal opened={asking} onClose={close} title="Delete all digits you drew?" centered>
        <Text size="sm">They are only in this browser, so they cannot be brought back.</Text>
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={close}>
            Keep them
          </Button>
          <Button
            color="red"
            onClick={() => {
              forgetAll.mutate()
              close()
            }}
          >
            Delete {drawings.length}
          </Button>
        </Group>
      </Modal>
    </Stack>
  )
}

interface ThumbnailProps {
  readonly name: string
  readonly pixels: Uint8Array
  readonly onForget: () => void
}

function Thumbnail({ name, pixels, onForget }: ThumbnailProps) {
  return (
    <Group gap={2} wrap="nowrap" role="listitem" align="flex-start">
      <Stack gap={0} align="center">
        <DigitThumbnail pixels={pixels} label={`A drawn ${name}`} />
        <Text size="xs" fw={600}>
          {name}
        </Text>
      </Stack>
      <Tooltip label="Delete">
        <ActionIcon variant="subtle" color="gray" size="sm" aria-label={`Delete this ${name}`} onClick={onForget}>
          <IconTrash size={14} />
        </ActionIcon>
      </Tooltip>
    </Group>
  )
}
