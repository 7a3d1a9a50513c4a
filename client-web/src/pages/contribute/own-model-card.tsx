import { Card, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { ForgetOwnModel, OwnModelForgotten } from '../../components/forget-own-model.tsx'
import { ownModelQuery } from '../../data/own-data.ts'

/** That this browser keeps a model of its owner's, and a way to be rid of it, whether or not the task still makes any. */
export function OwnModelCard({ taskId }: { readonly taskId: string }) {
  const { data: isKept = false } = useQuery(ownModelQuery(taskId))
  const [wasForgotten, setForgotten] = useState(false)
  if (!isKept && !wasForgotten) return null
  return (
    <Card withBorder data-testid="own-model">
      <Stack gap="xs">
        <Title order={2} size="h4">
          Your own model
        </Title>
        {isKept ? (
          <>
            <Text size="sm" c="dimmed">
              This browser keeps it, and it never leaves. “Try it” answers with it as well.
            </Text>
            <ForgetOwnModel taskId={taskId} onForgotten={() => setForgotten(true)} />
          </>
        ) : (
          <OwnModelForgotten />
        )}
      </Stack>
    </Card>
  )
}
