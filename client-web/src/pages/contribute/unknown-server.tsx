import { Alert, Button, Stack, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { forgetServer } from '@panal/client-core'
import { tellForgotten } from '../../data/forgotten-news.ts'
import { browserKeys } from '../../device/browser-keys.ts'
import { browserStorage } from '../../device/storage.ts'

/** The models of its owner's that go with the server are told to all windows. */
async function forgetAll(): Promise<void> {
  await forgetServer({ storage: browserStorage, keys: browserKeys() })
  tellForgotten(null)
}

/** The server is not the one that this browser knows: what that can mean, and how to take the new one. */
export function UnknownServer() {
  const forget = useMutation({ mutationFn: forgetAll, networkMode: 'always' })
  if (forget.isSuccess)
    return (
      <Alert color="blue" title="Forgotten">
        This browser will take the key of the server that answers next. Agree and start again.
      </Alert>
    )
  return (
    <Alert color="red" title="This is not the server that this browser knows">
      <Stack gap="xs" align="flex-start">
        <Text size="sm">
          It signs with another key, and the known one does not vouch for it. Nothing was sent. Either the server was
          set up anew, which its operator can tell you, or somebody stands between you and it.
        </Text>
        <Button
          color="red"
          variant="light"
          size="compact-sm"
          loading={forget.isPending}
          onClick={() => forget.mutate()}
        >
          It was set up anew: forget the old one
        </Button>
      </Stack>
    </Alert>
  )
}
