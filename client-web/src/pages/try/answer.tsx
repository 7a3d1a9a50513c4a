import { Card, Group, Progress, Stack, Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import { formatPercent } from '../../components/format.ts'

interface AnswerProps {
  readonly classes: readonly string[]
  readonly probabilities: readonly number[] | null
  readonly kind: 'image' | 'table'
  /** Above the answer: whose it is. */
  readonly children?: ReactNode
}

/** One bar for each class, and the most probable one in words. */
export function Answer({ classes, probabilities, kind, children }: AnswerProps) {
  const best = probabilities === null ? -1 : probabilities.indexOf(Math.max(...probabilities))
  return (
    <Card withBorder>
      <Stack gap="xs">
        <Title order={2} size="h4">
          Its answer
        </Title>
        {children}
        <Text aria-live="polite" fw={600} size="xl" data-testid="answer" c={best === -1 ? 'dimmed' : 'inherit'}>
          {best === -1
            ? kind === 'image'
              ? 'Draw, and it answers.'
              : 'Fill in the form, and it answers.'
            : `${classes[best] ?? '?'} – ${formatPercent(probabilities?.[best] ?? 0)}`}
        </Text>
        <Stack gap={6}>
          {classes.map((name, index) => {
            const probability = probabilities?.[index] ?? 0
            return (
              <Group key={name} gap="xs" wrap="nowrap">
                <Text size="sm" w={kind === 'image' ? 16 : 56} fw={index === best ? 700 : 400} truncate>
                  {name}
                </Text>
                <Progress
                  flex={1}
                  size="lg"
                  value={probability * 100}
                  color={index === best ? 'honey' : 'gray'}
                  aria-label={`Probability of ${name}`}
                  transitionDuration={120}
                />
                <Text size="xs" c="dimmed" w={52} ta="right">
                  {probabilities === null ? '' : formatPercent(probability)}
                </Text>
              </Group>
            )
          })}
        </Stack>
      </Stack>
    </Card>
  )
}
