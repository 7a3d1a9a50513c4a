import { Anchor, Stack, Text, Title } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import { Link } from 'react-router'

export function NotFoundPage() {
  useDocumentTitle('Nothing here · Panal')
  return (
    <Stack align="flex-start" py="xl">
      <Title order={1} size="h2">
        There is nothing here
      </Title>
      <Text>The address may be mistyped, or the task is no longer on this server.</Text>
      <Anchor component={Link} to="/contribute">
        See what can be learnt together
      </Anchor>
    </Stack>
  )
}
