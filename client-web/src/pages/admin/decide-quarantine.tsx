import { Button, Group, Stack, Text, TextInput } from '@mantine/core'
import { useEffect, useRef, useState, type RefObject } from 'react'
import { useQuarantine, type QuarantineMove } from '../../api/queries.ts'

/** What somebody is about to do with a device. Lives above the list, which is another one on a narrow screen. */
export interface Deciding {
  /** As it was opened: the device may move meanwhile. Null while no form is open. */
  readonly move: QuarantineMove | null
  readonly open: (move: QuarantineMove) => void
  readonly close: () => void
  /** The button that opened the form; it is given the focus back. */
  readonly opener: RefObject<HTMLButtonElement | null>
  readonly reason: string
  readonly setReason: (reason: string) => void
  readonly send: () => void
  /** Until the list shows what came of it. */
  readonly isSending: boolean
  readonly problem: string | undefined
}

export function useDeciding(): Deciding {
  const [move, setMove] = useState<QuarantineMove | null>(null)
  const [reason, setReason] = useState('')
  const opener = useRef<HTMLButtonElement>(null)
  const change = useQuarantine()
  /** What is on its way goes on, and is nothing to the form that is opened next. */
  const start = (next: QuarantineMove | null) => {
    change.reset()
    setReason('')
    setMove(next)
  }
  const close = () => {
    opener.current?.focus()
    start(null)
  }
  return {
    move,
    open: start,
    close,
    opener,
    reason,
    setReason,
    send: () => {
      if (move !== null) change.mutate({ ...move, reason: reason.trim() }, { onSuccess: close })
    },
    isSending: change.isPending || change.isSuccess,
    problem: change.error?.message,
  }
}

export const verbNames = { quarantine: 'Quarantine', release: 'Release' } as const
const consequences = {
  quarantine: 'It stays joined, is not asked, and nothing that it sends counts until it is released.',
  release: 'It may be asked again.',
} as const
const overtaken = {
  quarantine: 'It has been put in quarantine meanwhile. There is nothing left to do here.',
  release: 'It has been released meanwhile. There is nothing left to do here.',
} as const

interface DecideProps {
  readonly move: QuarantineMove
  /** Now. */
  readonly isQuarantined: boolean
  readonly deciding: Deciding
}

/** Takes the focus from the button that opened it, and with it comes into sight. */
export function Decide({ move: { deviceId, verb }, isQuarantined, deciding }: DecideProps) {
  const { opener, reason, setReason, send, isSending, problem } = deciding
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => {
    const { activeElement, body } = document
    // The body has it where the list became the other one, and what had it is gone. Elsewhere it is somebody's.
    if (activeElement === opener.current || activeElement === body) input.current?.focus()
  }, [opener])
  const isOvertaken = isQuarantined === (verb === 'quarantine') && !isSending
  return (
    <Stack gap="xs" role="group" aria-label={`${verb} ${deviceId}`}>
      <Text size="sm" role="status">
        {(isOvertaken ? overtaken : consequences)[verb]}
      </Text>
      <TextInput
        label="Reason"
        description="Kept in the audit trail."
        ref={input}
        maxLength={500}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
        error={problem}
      />
      <Group gap="xs" justify="flex-end">
        <Button variant="default" onClick={deciding.close}>
          Cancel
        </Button>
        <Button disabled={isOvertaken || reason.trim() === ''} loading={isSending} onClick={send}>
          {verbNames[verb]}
        </Button>
      </Group>
    </Stack>
  )
}
