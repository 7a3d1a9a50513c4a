import { Alert, Button, Code, FileInput, Group, List, Loader, Spoiler, Stack, Text } from '@mantine/core'
import { IconFileTypeCsv } from '@tabler/icons-react'
import type { TableSchema, TaskCard } from '@panal/client-core'
import { useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { clock } from '../../clock.ts'
import { tableQuery, useForgetTable, useKeepTable } from '../../data/own-data.ts'
import { expectedHeader, groupRefusals, type DataSummary } from '../../data/table-file.ts'
import { useInspection } from '../../device/use-inspection.ts'
import type { ChooserProps } from './chosen-data.ts'

/** Larger files would stop the page while they are read into memory. */
const maxFileBytes = 64e6

/** A CSV file of one's own: read and kept here, and told at once what of it can be used. */
export function OwnFile({ card, onChange }: ChooserProps) {
  const { data: table } = useQuery(tableQuery(card.id))
  const keep = useKeepTable(card.id)
  const forget = useForgetTable(card.id)
  const inspection = useInspection(card, table?.text, table?.chosenAt)
  const numExamples = inspection.data?.numExamples ?? 0

  useEffect(() => {
    onChange(
      table === undefined || table === null || numExamples === 0
        ? null
        : { source: { kind: 'file', text: table.text }, numExamples },
    )
  }, [table, numExamples, onChange])

  const choose = async (file: File | null) => {
    if (file === null || file.size > maxFileBytes) return
    const chosenAt = clock.now()
    keep.mutate({ fileName: file.name, text: await file.text(), chosenAt })
  }

  return (
    <Stack gap="sm">
      <FileInput
        label="CSV file"
        description="Read and kept in this browser only. The first row must name the columns."
        placeholder={table?.fileName ?? 'Choose a file…'}
        accept=".csv,text/csv"
        leftSection={<IconFileTypeCsv size={18} />}
        value={null}
        onChange={(file) => void choose(file)}
      />
      {card.data.kind === 'table' && <Expected schema={card.data} />}
      {inspection.isFetching && (
        <Group gap="xs" role="status">
          <Loader size="xs" />
          <Text size="sm">Reading {table?.fileName}…</Text>
        </Group>
      )}
      {inspection.error !== null && (
        <Alert color="red" title="This file cannot be used">
          {inspection.error.message}
        </Alert>
      )}
      {inspection.data !== undefined && table !== null && table !== undefined && (
        <>
          <FileSummary fileName={table.fileName} classes={card.data.classes} summary={inspection.data} />
          <Button
            variant="subtle"
            color="red"
            size="compact-sm"
            style={{ alignSelf: 'flex-start' }}
            onClick={() => forget.mutate()}
          >
            Forget this file
          </Button>
        </>
      )}
    </Stack>
  )
}

const sayRows = (count: number, firstRows: readonly number[]): string =>
  count === 1 ? `row ${firstRows[0]}` : `${count} rows: ${firstRows.join(', ')}${count > firstRows.length ? ' …' : ''}`

interface FileSummaryProps {
  readonly fileName: string
  readonly classes: TaskCard['data']['classes']
  readonly summary: DataSummary
}

/** Rows used, rows refused and why. */
export function FileSummary({ fileName, classes, summary }: FileSummaryProps) {
  const { numExamples, perClass, refused } = summary
  return (
    <Alert color={refused.length === 0 ? 'teal' : 'yellow'} variant="light" title={fileName} role="status">
      <Text size="sm">
        {numExamples.toLocaleString('en')} rows can be used (
        {perClass.map((count, index) => `${count.toLocaleString('en')} ${classes[index] ?? '?'}`).join(', ')})
        {refused.length > 0 && `, ${refused.length.toLocaleString('en')} cannot:`}
      </Text>
      {refused.length > 0 && (
        <List size="sm" mt="xs" spacing={2}>
          {groupRefusals(refused).map(({ reason, count, firstRows }) => (
            <List.Item key={reason}>
              {reason} ({sayRows(count, firstRows)})
            </List.Item>
          ))}
        </List>
      )}
    </Alert>
  )
}

function Expected({ schema }: { readonly schema: TableSchema }) {
  return (
    <Spoiler
      maxHeight={0}
      showLabel="Which columns does it need?"
      hideLabel="Hide the columns"
      styles={{ control: { fontSize: 'var(--mantine-font-size-sm)' } }}
    >
      <Text size="sm" component="div">
        <Code style={{ wordBreak: 'break-word' }}>{expectedHeader(schema).join(',')}</Code>
      </Text>
      <Text size="sm" mt={4}>
        {schema.label.column} is what the model learns to tell: {schema.classes.join(' or ')}. Further columns do no
        harm and are not used.
      </Text>
    </Spoiler>
  )
}
