import { Alert, Button, Group, Loader, Stack, Text } from '@mantine/core'
import { samplesMarkup, type SamplePage, type SampleQuery } from '@panal/client-core'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { samplesQuery, sessionQuery } from '../../../api/queries.ts'
import type { JudgedVersion } from '../../../api/types.ts'
import { MarkupView } from '../../../components/markup-view.tsx'

interface ExamplesProps {
  readonly judged: JudgedVersion
  readonly query: SampleQuery
}

/** The examples behind a row, asked for when somebody wants to see them: the models answer for it again. */
export function Examples(props: ExamplesProps) {
  const { data: session } = useQuery(sessionQuery)
  const [isOpen, setOpen] = useState(false)
  if (session?.signedIn !== true)
    return (
      <Text size="sm" c="dimmed" className="on-screen">
        Sign in to see the examples behind this.
      </Text>
    )
  return (
    <Stack gap="xs" my="xs">
      <Button
        className="on-screen"
        size="compact-sm"
        variant="default"
        style={{ alignSelf: 'flex-start' }}
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        {isOpen ? 'Hide the examples' : 'Show the examples behind this'}
      </Button>
      {isOpen && <Pages {...props} />}
    </Stack>
  )
}

const noParts = {}

function Pages({ judged, query }: ExamplesProps) {
  const { data, error, hasNextPage, fetchNextPage, isFetching } = useInfiniteQuery(samplesQuery(judged, query))
  if (error !== null)
    return (
      <Alert color="red" title="The examples could not be read">
        {error.message}
      </Alert>
    )
  if (data === undefined)
    return (
      <Group gap="xs" role="status">
        <Loader size="xs" />
        <Text size="sm">The models answer again…</Text>
      </Group>
    )
  return (
    <>
      <MarkupView node={samplesMarkup(joined(data.pages))} parts={noParts} />
      {hasNextPage && (
        <Button
          className="on-screen"
          size="compact-sm"
          variant="subtle"
          loading={isFetching}
          style={{ alignSelf: 'flex-start' }}
          onClick={() => void fetchNextPage()}
        >
          Show more
        </Button>
      )}
    </>
  )
}

const joined = (pages: readonly SamplePage[]): SamplePage => ({
  ...(pages[0] ?? { total: 0, offset: 0 }),
  samples: pages.flatMap(({ samples }) => samples),
})
