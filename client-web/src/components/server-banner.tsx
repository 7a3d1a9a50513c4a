import { Alert, Box, Group, Loader, Text } from '@mantine/core'
import { isUnreachable } from '../api/http.ts'
import { useTasks } from '../api/queries.ts'
import classes from './server-banner.module.css'

/** Says that the server is away; the queries ask again by themselves, and the banner goes when one is answered. */
export function ServerBanner() {
  const { error } = useTasks()
  if (!isUnreachable(error)) return null
  return (
    <Box className={classes.banner} mb="md">
      <Alert color="red" variant="light" role="alert" title="The server cannot be reached">
        <Group gap="sm" wrap="nowrap">
          <Loader size="xs" color="red" aria-hidden />
          <Text size="sm">
            Trying again every two seconds. What you drew or chose is safe in this browser, and a running contribution
            goes on where it stopped.
          </Text>
        </Group>
      </Alert>
    </Box>
  )
}
