import { Alert, Button, Group, Modal, Stack, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconTrash } from '@tabler/icons-react'
import { useEffect, useRef } from 'react'
import { useForgetOwnModel } from '../data/own-data.ts'

interface ForgetOwnModelProps {
  readonly taskId: string
  /** Told once it is gone from this browser. */
  readonly onForgotten: () => void
}

/** Removes this browser's own model of a task, after a question. */
export function ForgetOwnModel({ taskId, onForgotten }: ForgetOwnModelProps) {
  const forget = useForgetOwnModel(taskId)
  const [asking, { open, close }] = useDisclosure(false)
  // not mutate's onSuccess, which is not called where this was taken off the page meanwhile, because the model is gone
  const forgetIt = () =>
    forget.mutateAsync().then(
      () => {
        close()
        onForgotten()
      },
      () => undefined, // `forget.error` is shown
    )
  return (
    <>
      <Button
        variant="subtle"
        color="red"
        size="compact-sm"
        leftSection={<IconTrash size={16} />}
        style={{ alignSelf: 'flex-start' }}
        onClick={open}
      >
        Forget my model
      </Button>
      <Modal opened={asking} onClose={close} title="Forget your own model?" centered>
        <Stack>
          <Text size="sm">
            It is only in this browser, so it cannot be brought back. The shared model answers instead. If you
            contribute again, a new one begins with your next round; what is being trained now is dropped. Your examples
            stay, and so does what you sent for the shared model.
          </Text>
          {forget.error !== null && (
            <Alert color="red" title="It could not be forgotten">
              {forget.error.message}
            </Alert>
          )}
          <Group justify="flex-end">
            <Button variant="default" data-autofocus onClick={close}>
              Keep it
            </Button>
            <Button color="red" loading={forget.isPending} onClick={() => void forgetIt()}>
              Forget it
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  )
}

/** In place of the model, once it is gone. The focus was on what is gone with it, so it comes here. */
export function OwnModelForgotten() {
  const ref = useRef<HTMLParagraphElement>(null)
  useEffect(() => ref.current?.focus(), [])
  return (
    <Text size="sm" c="dimmed" role="status" tabIndex={-1} ref={ref}>
      Your own model is gone from this browser.
    </Text>
  )
}
