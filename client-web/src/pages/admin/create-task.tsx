import { Alert, Button, Code, FileButton, Group, Modal, Stack, Table, Text, Textarea } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconPlus } from '@tabler/icons-react'
import { useState } from 'react'
import { ApiError } from '../../api/http.ts'
import { useCreateTask } from '../../api/queries.ts'

/** Opens the dialog in which a task document is pasted or chosen. */
export function CreateTaskButton() {
  const [opened, { open, close }] = useDisclosure(false)
  return (
    <>
      <Button variant="default" leftSection={<IconPlus size={16} />} onClick={open} style={{ alignSelf: 'flex-start' }}>
        Create a task
      </Button>
      <Modal opened={opened} onClose={close} title="Create a task" size="lg">
        <CreateTaskForm onDone={close} />
      </Modal>
    </>
  )
}

function CreateTaskForm({ onDone }: { readonly onDone: () => void }) {
  const create = useCreateTask()
  const [text, setText] = useState('')
  const [syntaxError, setSyntaxError] = useState<string | null>(null)

  const submit = () => {
    const document = parseDocument(text)
    setSyntaxError(document.ok ? null : document.message)
    if (document.ok) create.mutate(document.value, { onSuccess: onDone })
  }
  return (
    <Stack>
      <Text size="sm">
        A task is one JSON document. The datasets it names must be on the server already (
        <Code>npx panal dataset add FILE</Code>); its schema is at <Code>/docs</Code>.
      </Text>
      <Textarea
        label="Task document"
        description="Paste it, or choose a file."
        autosize
        minRows={8}
        maxRows={18}
        spellCheck={false}
        styles={{ input: { fontFamily: 'monospace', fontSize: 13 } }}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        error={syntaxError}
      />
      {create.error !== null && <DocumentErrors error={create.error} />}
      <Group justify="space-between">
        <FileButton accept=".json,application/json" onChange={(file) => void file?.text().then(setText)}>
          {(props) => (
            <Button {...props} variant="default">
              Choose a file
            </Button>
          )}
        </FileButton>
        <Button onClick={submit} loading={create.isPending} disabled={text.trim() === ''}>
          Create
        </Button>
      </Group>
    </Stack>
  )
}

type Parsed = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly message: string }

function parseDocument(text: string): Parsed {
  try {
    return { ok: true, value: JSON.parse(text) as unknown }
  } catch (error) {
    return { ok: false, message: `This is not JSON: ${error instanceof Error ? error.message : String(error)}` }
  }
}

/** Every error of the document, with where it is. */
function DocumentErrors({ error }: { readonly error: Error }) {
  const errors = error instanceof ApiError ? error.errors : []
  return (
    <Alert color="red" title={errors.length > 1 ? `${errors.length} errors in the document` : error.message}>
      {errors.length > 0 && (
        <Table fz="sm" aria-label="Errors in the document">
          <Table.Tbody>
            {errors.map(({ path, message }) => (
              <Table.Tr key={`${path} ${message}`}>
                <Table.Td>
                  <Code>{path === '' ? '(the whole document)' : path}</Code>
                </Table.Td>
                <Table.Td>{message}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Alert>
  )
}
