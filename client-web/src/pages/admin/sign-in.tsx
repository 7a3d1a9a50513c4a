import { Alert, Code, Loader, Stack, Text } from '@mantine/core'
import { IconKey } from '@tabler/icons-react'
import { useEffect, useRef } from 'react'
import { useLocation, useNavigate } from 'react-router'
import { useSignIn } from '../../api/queries.ts'
import { linkFromHash } from './link-from-hash.ts'

/** Uses a one-time link once, and explains how to get one. */
export function SignIn() {
  const { hash, pathname } = useLocation()
  const navigate = useNavigate()
  const { mutate, isPending, error } = useSignIn()
  const used = useRef<string | null>(null)
  const link = linkFromHash(hash)

  useEffect(() => {
    if (link === null || used.current === link) return
    used.current = link
    // Out of the address at once: a one-time link has no business in the history.
    void navigate(pathname, { replace: true })
    mutate(link)
  }, [link, mutate, navigate, pathname])

  if (isPending) return <Loader aria-label="Signing in" />
  return (
    <Stack gap="sm">
      {error !== null && (
        <Alert color="red" title="This link did not sign you in">
          {error.message}
        </Alert>
      )}
      <Alert icon={<IconKey />} color="gray" variant="light" title="You are looking on">
        <Text size="sm">
          To pause tasks, create them, promote or roll back models, sign in with a one-time link. The server printed one
          when it first started; for another, run <Code>npx panal admin-link</Code> on the machine of the server and
          open what it prints.
        </Text>
      </Alert>
    </Stack>
  )
}
