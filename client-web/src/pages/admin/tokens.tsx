import { Button, Group, NativeSelect, Skeleton, Stack, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState, type SyntheticEvent } from 'react'
import { roleNames, tokensQuery, useCreateToken, useRevokeToken, type RoleName } from '../../api/people.ts'
import { clock } from '../../clock.ts'
import { formatTime } from '../../components/format.ts'
import { SecretOnce } from './secret-once.tsx'

const lifetimes = { '30': '30 days', '90': '90 days', '365': 'a year', never: 'until revoked' } as const

interface TokensProps {
  /** Whoever asks. */
  readonly role: RoleName
  /** Only the tokens of this person; without it, all that one may see. */
  readonly owner?: string
}

/** API tokens: a list to revoke from and a form for another. */
export function Tokens({ role, owner }: TokensProps) {
  const { data: tokens } = useQuery(tokensQuery)
  const revoke = useRevokeToken()
  if (tokens === undefined) return <Skeleton height={120} />
  const shown = owner === undefined ? tokens : tokens.filter((token) => token.owner === owner)
  return (
    <Stack gap="sm">
      {shown.length === 0 && (
        <Text size="sm" c="dimmed">
          There are no tokens.
        </Text>
      )}
      {shown.map(({ id, name, role: may, owner: whose, expiresAt, seenAt }) => (
        <Group key={id} justify="space-between" gap="xs">
          <div>
            <Text size="sm">
              {name} ({may})
            </Text>
            <Text size="xs" c="dimmed">
              {owner === undefined ? `${whose ?? 'a machine'}, ` : ''}
              {expiresAt === null ? 'until revoked' : `until ${formatTime(expiresAt)}`},{' '}
              {seenAt === null ? 'never used' : `last used ${formatTime(seenAt)}`}
            </Text>
          </div>
          <Button size="compact-xs" variant="default" aria-label={`Revoke ${name}`} onClick={() => revoke.mutate(id)}>
            Revoke
          </Button>
        </Group>
      ))}
      {owner !== undefined && <NewToken role={role} />}
    </Stack>
  )
}

function NewToken({ role: own }: { readonly role: RoleName }) {
  const create = useCreateToken()
  const [name, setName] = useState('')
  const [role, setRole] = useState<RoleName>('viewer')
  const [days, setDays] = useState<string>('90')
  const submit = (event: SyntheticEvent) => {
    event.preventDefault()
    const expiresAt = days === 'never' ? {} : { expiresAt: clock.now() + Number(days) * 86_400_000 }
    create.mutate({ name, role, ...expiresAt }, { onSuccess: () => setName('') })
  }
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <Group align="flex-start" gap="sm">
          <TextInput
            label="What it is for"
            required
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={create.error?.message}
          />
          <NativeSelect
            label="Role"
            data={roleNames.slice(0, roleNames.indexOf(own) + 1)}
            value={role}
            onChange={(event) => setRole(event.currentTarget.value as RoleName)}
          />
          <NativeSelect
            label="Good for"
            data={Object.entries(lifetimes).map(([value, label]) => ({ value, label }))}
            value={days}
            onChange={(event) => setDays(event.currentTarget.value)}
          />
        </Group>
        {create.data !== undefined && (
          <SecretOnce title="The token. It is not shown again." secret={create.data.token} />
        )}
        <Button type="submit" loading={create.isPending} style={{ alignSelf: 'flex-start' }}>
          Create a token
        </Button>
      </Stack>
    </form>
  )
}
