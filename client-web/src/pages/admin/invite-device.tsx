import { Alert, Button, Stack, Text } from '@mantine/core'
import { IconMailPlus } from '@tabler/icons-react'
import { useInvite } from '../../api/queries.ts'
import { formatTime } from '../../components/format.ts'
import { invitationLink } from '../../data/invitation.ts'
import { SecretOnce } from './secret-once.tsx'

/** Makes links into a task that takes devices by invitation, one browser each. For operators. */
export function InviteDevice({ taskId }: { readonly taskId: string }) {
  const { mutate, data, error, isPending } = useInvite(taskId)
  return (
    <Stack gap="xs">
      <Button
        variant="default"
        leftSection={<IconMailPlus size={16} />}
        style={{ alignSelf: 'flex-start' }}
        loading={isPending}
        onClick={() => mutate({})}
      >
        Make an invitation link
      </Button>
      <Text size="sm" c="dimmed">
        This task takes devices by invitation. A link lets one browser in, within fifteen minutes.
      </Text>
      {error !== null && (
        <Alert color="red" role="alert">
          {error.message}
        </Alert>
      )}
      {data !== undefined && (
        <SecretOnce
          title={`Lets one browser in, until ${formatTime(data.expiresAt)}. It is not shown again.`}
          secret={invitationLink(location.origin, taskId, { invitation: data.invitation, key: data.serverKey })}
        />
      )}
    </Stack>
  )
}
