import { Alert, Badge, Button, Group, Modal, PasswordInput, Skeleton, Stack, Tabs, Text } from '@mantine/core'
import { useDisclosure, useMediaQuery } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useState, type SyntheticEvent } from 'react'
import { ApiError } from '../../api/http.ts'
import {
  accountQuery,
  openSessionsQuery,
  useEndAllSessions,
  useEndSession,
  useSetPassword,
  type AccountView,
} from '../../api/people.ts'
import { formatTime } from '../../components/format.ts'
import { Tokens } from './tokens.tsx'

/** Opens one's own account: password, sessions, API tokens. */
export function AccountButton() {
  const [opened, { open, close }] = useDisclosure(false)
  const isPhone = useMediaQuery('(max-width: 48em)')
  return (
    <>
      <Button variant="default" size="compact-sm" onClick={open}>
        Account
      </Button>
      <Modal opened={opened} onClose={close} title="Your account" size="lg" fullScreen={isPhone}>
        <OwnAccount />
      </Modal>
    </>
  )
}

function OwnAccount() {
  const { data: account } = useQuery(accountQuery)
  if (account === undefined) return <Skeleton height={240} />
  return (
    <Tabs defaultValue="password" keepMounted={false}>
      <Tabs.List>
        <Tabs.Tab value="password">Password</Tabs.Tab>
        <Tabs.Tab value="sessions">Sessions</Tabs.Tab>
        <Tabs.Tab value="tokens">Tokens</Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="password" pt="md">
        <PasswordPanel account={account} />
      </Tabs.Panel>
      <Tabs.Panel value="sessions" pt="md">
        <SessionsPanel />
      </Tabs.Panel>
      <Tabs.Panel value="tokens" pt="md">
        <Tokens role={account.role} owner={account.name} />
      </Tabs.Panel>
    </Tabs>
  )
}

function PasswordPanel({ account }: { readonly account: AccountView }) {
  const change = useSetPassword()
  const [current, setCurrent] = useState('')
  const [password, setPassword] = useState('')
  if (account.issuer !== null)
    return <Text size="sm">You sign in through {account.issuer}; it keeps your password, not this server.</Text>
  const submit = (event: SyntheticEvent) => {
    event.preventDefault()
    change.mutate({ password, ...(current === '' ? {} : { current }) })
  }
  const isWeak = change.error instanceof ApiError && change.error.code === 'weak-password'
  return (
    <form onSubmit={submit}>
      <Stack maw={420}>
        <input type="text" autoComplete="username" value={account.name} readOnly hidden />
        {account.hasPassword && (
          <PasswordInput
            label="Present password"
            description="Not needed within an hour of a sign-in by link."
            autoComplete="current-password"
            value={current}
            onChange={(event) => setCurrent(event.currentTarget.value)}
            error={isWeak ? undefined : change.error?.message}
            aria-invalid={change.error !== null && !isWeak}
          />
        )}
        <PasswordInput
          label="New password"
          description="At least 12 characters. Four words that do not belong together are good."
          autoComplete="new-password"
          required
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          error={isWeak || !account.hasPassword ? change.error?.message : undefined}
          aria-invalid={isWeak}
        />
        {change.isSuccess && (
          <Alert color="teal" role="status">
            Your password is set. Every other session of yours has ended.
          </Alert>
        )}
        <Button type="submit" loading={change.isPending} style={{ alignSelf: 'flex-start' }}>
          Set the password
        </Button>
      </Stack>
    </form>
  )
}

const methods = { link: 'by link', password: 'by password', oidc: 'by identity provider' } as const

function SessionsPanel() {
  const { data: sessions } = useQuery(openSessionsQuery)
  const end = useEndSession()
  const endAll = useEndAllSessions()
  if (sessions === undefined) return <Skeleton height={120} />
  return (
    <Stack gap="sm">
      {sessions.map(({ id, isThis, method, network, createdAt, seenAt }) => (
        <Group key={id} justify="space-between" gap="xs">
          <div>
            <Group gap="xs">
              <Text size="sm">
                {methods[method]}, from {network}
              </Text>
              {isThis && <Badge size="xs">this one</Badge>}
            </Group>
            <Text size="xs" c="dimmed">
              since {formatTime(createdAt)}, last seen {formatTime(seenAt)}
            </Text>
          </div>
          {!isThis && (
            <Button size="compact-xs" variant="default" onClick={() => end.mutate(id)}>
              End
            </Button>
          )}
        </Group>
      ))}
      <Button
        variant="default"
        color="red"
        loading={endAll.isPending}
        onClick={() => endAll.mutate()}
        style={{ alignSelf: 'flex-start' }}
      >
        Sign out everywhere
      </Button>
    </Stack>
  )
}
