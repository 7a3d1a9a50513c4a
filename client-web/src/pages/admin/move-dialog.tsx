import { Alert, Button, Group, Modal, Stack, Text, Textarea } from '@mantine/core'
import type { Pointers } from '@panal/client-core'
import { useState } from 'react'
import { usePromote, useRollBack } from '../../api/queries.ts'
import { GateObjection, type JudgedView } from './gate-objection.tsx'

export type Move = { readonly kind: 'promote'; readonly version: JudgedView } | { readonly kind: 'roll-back' }

const maxReason = 500

interface MoveDialogProps {
  readonly taskId: string
  readonly move: Move
  readonly pointers: Pointers
  readonly onClose: () => void
}

/** Asks for the reason, says what will change, moves the champion, and says what changed. */
export function MoveDialog({ taskId, move, pointers, onClose }: MoveDialogProps) {
  const promote = usePromote(taskId)
  const rollBack = useRollBack(taskId)
  const change = move.kind === 'promote' ? promote : rollBack
  const [reason, setReason] = useState('')
  const [before] = useState(pointers.champion)

  const submit = () => {
    const given = reason.trim()
    if (move.kind === 'promote')
      promote.mutate({
        version: move.version.version,
        reason: given,
        ...(isAgainstGate(move) && { againstGate: true }),
      })
    else rollBack.mutate({ reason: given })
  }
  const title = move.kind === 'promote' ? `Promote model ${move.version.version}` : 'Roll back'
  if (change.data?.pointers === undefined && change.data !== undefined)
    return (
      <Modal opened onClose={onClose} title={title} centered>
        <Stack>
          <Alert color="blue" role="status" title="It waits for a second person">
            Somebody else has to approve it, on this page under “Waiting for a second person”, within seven days.
          </Alert>
          <Button onClick={onClose} style={{ alignSelf: 'flex-end' }}>
            Close
          </Button>
        </Stack>
      </Modal>
    )
  if (change.data !== undefined)
    return (
      <Modal opened onClose={onClose} title={title} centered>
        <Stack>
          <Alert color="teal" role="status" title={`Model ${change.data.pointers.champion ?? '–'} is served now`}>
            {before === null ? 'It is the first champion.' : `Before, it was model ${before}.`} Open pages have been
            told and load it.
          </Alert>
          <Button onClick={onClose} style={{ alignSelf: 'flex-end' }}>
            Close
          </Button>
        </Stack>
      </Modal>
    )
  return (
    <Modal opened onClose={onClose} title={title} centered>
      <Stack>
        <Text size="sm">{sayEffect(move, before)}</Text>
        {move.kind === 'promote' && <GateObjection version={move.version} />}
        <Textarea
          label="Reason"
          description="Kept with the move, for whoever asks later."
          withAsterisk
          autosize
          minRows={2}
          maxLength={maxReason}
          data-autofocus
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        {change.error !== null && (
          <Alert color="red" title="It was not moved">
            {change.error.message}
          </Alert>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button
            onClick={submit}
            disabled={reason.trim() === ''}
            loading={change.isPending}
            {...(isAgainstGate(move) && { color: 'red' })}
          >
            {isAgainstGate(move) ? 'Promote against the gate' : move.kind === 'promote' ? 'Promote' : 'Roll back'}
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}

const isAgainstGate = (move: Move): boolean => move.kind === 'promote' && move.version.status === 'rejected'

function sayEffect(move: Move, champion: number | null): string {
  if (move.kind === 'roll-back')
    return `Applications are served the champion before model ${champion ?? '–'} again. Training goes on from the head as it is.`
  const instead = champion === null ? 'as the first' : `instead of model ${champion}`
  return `Applications are served model ${move.version.version} ${instead}, without asking the gate again. Training goes on from the head as it is.`
}
