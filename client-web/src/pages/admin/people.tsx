import {
  Alert,
  Badge,
  Button,
  Card,
  Group,
  Modal,
  NativeSelect,
  Skeleton,
  Stack,
  Tabs,
  Text,
  TextInput,
} from '@mantine/core'
import { useDisclosure, useMediaQuery } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useState, type SyntheticEvent } from 'react'
import {
  peopleQuery,
  roleNames,
  useAddPerson,
  useNewLink,
  useSetDisabled,
  useSetRole,
  type PersonView,
  type RoleName,
} from '../../api/people.ts'
import { formatTime } from '../../components/format.ts'
import { SecretOnce } from './secret-once.tsx'
import { Tokens } from './tokens.tsx'

/** Opens the list of everybody who may administer. For owners. */
export function PeopleButton() {
  const [opened, { open, close }] = useDisclosure(false)
  const isPhone = useMediaQuery('(max-width: 48em)')
  return (
    <>
      <Button variant="default" size="compact-sm" onClick={open}>
        People
      </Button>
      <Modal opened={opened} onClose={close} title="People" size="lg" fullScreen={isPhone}>
        <Tabs defaultValue="people" keepMounted={false}>
          <Tabs.List>
            <Tabs.Tab value="people">Accounts</Tabs.Tab>
            <Tabs.Tab value="tokens">All tokens</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="people" pt="md">
            <Accounts />
          </Tabs.Panel>
          <Tabs.Panel value="tokens" pt="md">
            <Tokens role="owner" />
          </Tabs.Panel>
        </Tabs>
      </Modal>
    </>
  )
}

function Accounts() {
  const { data: people } = useQuery(peopleQuery)
  if (people === undefined) return <Skeleton height={240} />
  return (
    <Stack gap="sm">
      {people.map((person) => (
        <Person key={person.name} person={person} />
      ))}
      <AddPerson />
    </Stack>
  )
}

const signsInBy = ({ issuer, hasPassword }: PersonView): string =>
  issuer !== null ? `through ${new URL(issuer).host}` : hasPassword ? 'by password' : 'by link'

const linkOf = (secret: string): string => `${location.origin}/admin#link=${secret}`

function Person({ person }: { readonly person: PersonView }) {
  const { name, role, disabledAt, signedInAt, issuer } = person
  const setRole = useSetRole()
  const setDisabled = useSetDisabled()
  const newLink = useNewLink()
  const error = setRole.error ?? setDisabled.error ?? newLink.error
  const isDisabled = disabledAt !== null
  return (
    <Card withBorder padding="sm">
      <Group justify="space-between" gap="xs">
        <div>
          <Group gap="xs">
            <Text fw={600}>{name}</Text>
            {isDisabled && <Badge color="gray">disabled</Badge>}
          </Group>
          <Text size="xs" c="dimmed">
            {signsInBy(person)}, {signedInAt === null ? 'never here' : `last ${formatTime(signedInAt)}`}
          </Text>
        </div>
        <Group gap="xs">
          <NativeSelect
            size="xs"
            aria-label={`Role of ${name}`}
            data={[...roleNames]}
            value={role}
            onChange={(event) => setRole.mutate({ name, role: event.currentTarget.value as RoleName })}
          />
          {!isDisabled && issuer === null && (
            <Button
              size="compact-sm"
              variant="default"
              aria-label={`New link for ${name}`}
              onClick={() => newLink.mutate(name)}
            >
              New link
            </Button>
          )}
          <Button
            size="compact-sm"
            variant="default"
            aria-label={`${isDisabled ? 'Enable' : 'Disable'} ${name}`}
            onClick={() => setDisabled.mutate({ name, disabled: !isDisabled })}
          >
            {isDisabled ? 'Enable' : 'Disable'}
          </Button>
        </Group>
      </Group>
      {error !== null && (
        <Alert color="red" mt="xs" role="alert">
          {error.message}
        </Alert>
      )}
      {newLink.data !== undefined && (
        <SecretOnce title={`Signs ${name} in once, within 24 hours`} secret={linkOf(newLink.data.link)} />
      )}
    </Card>
  )
}

function AddPerson() {
  const add = useAddPerson()
  const [name, setName] = useState('')
  const [role, setRole] = useState<RoleName>('viewer')
  const submit = (event: SyntheticEvent) => {
    event.preventDefault()
    add.mutate({ name, role })
  }
  return (
    <form onSubmit={submit} aria-label="Add a person">
      <Stack gap="sm">
        <Group align="flex-start" gap="sm">
          <TextInput
            label="Name"
            required
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={add.error?.message}
          />
          <NativeSelect
            label="Role"
            data={[...roleNames]}
            value={role}
            onChange={(event) => setRole(event.currentTarget.value as RoleName)}
          />
        </Group>
        {add.data !== undefined && (
          <SecretOnce title="Signs them in once, within 24 hours" secret={linkOf(add.data.link)} />
        )}
        <Button type="submit" loading={add.isPending} style={{ alignSelf: 'flex-start' }}>
          Add a person
        </Button>
      </Stack>
    </form>
  )
}
