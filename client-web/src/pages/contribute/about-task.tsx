import { Card, Grid, Group, List, Text, ThemeIcon, Title } from '@mantine/core'
import { IconLock, IconUpload } from '@tabler/icons-react'
import type { TaskCard } from '@panal/client-core'
import { whatLeaves, whatStays } from '../../data/what-leaves.ts'

/** What leaves the device and what does not, side by side. */
export function AboutTask({ card }: { readonly card: TaskCard }) {
  return (
    <Grid>
      <Grid.Col span={{ base: 12, sm: 5 }}>
        <Card withBorder h="100%">
          <Group gap="xs" mb="xs">
            <ThemeIcon variant="light" color="teal" aria-hidden>
              <IconLock size={18} />
            </ThemeIcon>
            <Title order={2} size="h5">
              Stays on this device
            </Title>
          </Group>
          <List size="sm" spacing={6}>
            {whatStays(card).map((sentence) => (
              <List.Item key={sentence}>{sentence}</List.Item>
            ))}
          </List>
        </Card>
      </Grid.Col>
      <Grid.Col span={{ base: 12, sm: 7 }}>
        <Card withBorder h="100%">
          <Group gap="xs" mb="xs">
            <ThemeIcon variant="light" aria-hidden>
              <IconUpload size={18} />
            </ThemeIcon>
            <Title order={2} size="h5">
              Leaves it, once a round
            </Title>
          </Group>
          <List size="sm" spacing={6}>
            {whatLeaves(card).map((sentence) => (
              <List.Item key={sentence}>{sentence}</List.Item>
            ))}
          </List>
          {card.whatLeaves !== undefined && (
            <Text size="sm" mt="xs" c="dimmed">
              The owner of this task says: {card.whatLeaves}
            </Text>
          )}
        </Card>
      </Grid.Col>
    </Grid>
  )
}
