import {
  Alert,
  Button,
  Card,
  Code,
  Divider,
  Group,
  Loader,
  PasswordInput,
  Stack,
  Text,
  TextInput,
  Title,
} from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState, type SyntheticEvent } from 'react'
import { useLocation, useNavigate } from 'react-router'
import { signInQuery, useSignInByPassword } from '../../api/people.ts'
import { useSignIn } from '../../api/queries.ts'
import { linkFromHash, refusalFromHash } from './link-from-hash.ts'

/** Signing in by password, identity provider or one-time link. Looking on needs none of them. */
export function SignIn() {
  const { hash, pathname } = useLocation()
  const navigate = useNavigate()
  const { mutate, isPending, error } = useSignIn()
  const used = useRef<string | null>(null)
  const link = linkFromHash(hash)
  const refusal = refusalFromHash(hash)

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
      {refusal !== null && (
        <Alert color="red" title="You were not signed in">
          {refusal}
        </Alert>
      )}
      <Card withBorder padding="md" component="section" aria-label="Sign in">
        <Stack gap="sm" maw={420}>
          <div>
            <Title order={2} size="h4">
              You are looking on
            </Title>
            <Text size="sm" c="dimmed">
              Sign in to pause tasks, create them, promote or roll back models.
            </Text>
          </div>
          <ProviderButton />
          <PasswordForm />
          <Text size="xs" c="dimmed">
            For the first time, or without your password: an owner gives you a one-time link, or run{' '}
            <Code>npx panal admin-link</Code> on the machine of the server and open what it prints.
          </Text>
        </Stack>
      </Card>
    </Stack>
  )
}

function ProviderButton() {
  const { data } = useQuery({ ...signInQuery, refetchInterval: false })
  if (data?.oidc === undefined || data.oidc === null) return null
  return (
    <>
      <Button component="a" href="/v1/oidc/start" variant="default">
        Sign in with {data.oidc.provider}
      </Button>
      <Divider label="or" />
    </>
  )
}

function PasswordForm() {
  const signIn = useSignInByPassword()
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const submit = (event: SyntheticEvent) => {
    event.preventDefault()
    signIn.mutate({ name, password })
  }
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <TextInput
          label="Name"
          autoComplete="username"
          required
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <PasswordInput
          label="Password"
          autoComplete="current-password"
          required
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          error={signIn.error?.message}
          aria-invalid={signIn.error !== null}
        />
        <Group>
          <Button type="submit" loading={signIn.isPending}>
            Sign in
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
