import { Button, Card, Group, NumberInput, Select, SimpleGrid, Stack, Text, Title } from '@mantine/core'
import type { TableSchema } from '@panal/client-core'
import { useEffect, useState } from 'react'
import type { PredictInput } from '../../device/worker-messages.ts'

type Column = TableSchema['columns'][number]
type Values = Readonly<Record<string, string>>

interface AskProps {
  readonly schema: TableSchema
  readonly ask: (question: PredictInput | null) => void
}

/** A middling applicant: the mean of each number, the first of each list. */
const typical = (schema: TableSchema): Values =>
  Object.fromEntries(schema.columns.map((column) => [column.name, typicalValue(column)]))

const typicalValue = (column: Column): string =>
  column.kind === 'numeric' ? String(Math.round(column.mean)) : (column.values[0] ?? '')

/** One field for each column; each change asks anew. An empty field is a missing value, which the model knows. */
export function AskByForm({ schema, ask }: AskProps) {
  const [values, setValues] = useState(() => typical(schema))
  useEffect(() => ask({ kind: 'row', values }), [ask, values])
  const set = (name: string, value: string) => setValues((before) => ({ ...before, [name]: value }))
  return (
    <Card withBorder component="form" onSubmit={(event) => event.preventDefault()}>
      <Stack>
        <Group justify="space-between">
          <Title order={2} size="h4">
            Describe one case
          </Title>
          <Button variant="default" size="compact-sm" onClick={() => setValues(typical(schema))}>
            Back to a typical one
          </Button>
        </Group>
        <SimpleGrid cols={{ base: 2, sm: 3 }} spacing="sm">
          {schema.columns.map((column) => (
            <Field
              key={column.name}
              column={column}
              value={values[column.name] ?? ''}
              onChange={(value) => set(column.name, value)}
            />
          ))}
        </SimpleGrid>
        <Text size="xs" c="dimmed">
          An empty field counts as unknown.
        </Text>
      </Stack>
    </Card>
  )
}

interface FieldProps {
  readonly column: Column
  readonly value: string
  readonly onChange: (value: string) => void
}

function Field({ column, value, onChange }: FieldProps) {
  return column.kind === 'numeric' ? (
    <NumberInput
      label={column.name}
      value={value}
      placeholder="unknown"
      step={stepOf(column.std)}
      onChange={(next) => onChange(String(next))}
    />
  ) : (
    <Select
      label={column.name}
      value={value === '' ? null : value}
      placeholder="unknown"
      clearable
      data={column.values}
      onChange={(next) => onChange(next ?? '')}
    />
  )
}

/** The power of ten nearest to a fifth of the spread: 25 → 1 or 10, 1,200 → 100. */
const stepOf = (std: number): number => 10 ** Math.max(0, Math.round(Math.log10(std / 5)))
