import { Grid, Skeleton, Stack } from '@mantine/core'

/** The shape of a page while its data is on the way. */
export function PageSkeleton() {
  return (
    <Stack aria-busy="true" aria-label="Loading" role="status" py="sm">
      <Skeleton height={32} width="40%" />
      <Skeleton height={16} width="70%" />
      <Grid mt="md">
        <Grid.Col span={{ base: 12, md: 7 }}>
          <Skeleton height={340} radius="md" />
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 5 }}>
          <Skeleton height={340} radius="md" />
        </Grid.Col>
      </Grid>
    </Stack>
  )
}
