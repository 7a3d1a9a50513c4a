import { SegmentedControl, Stack, Text } from '@mantine/core'
import { ForgetOwnModel } from '../../components/forget-own-model.tsx'
import type { OwnModel } from '../../device/worker-messages.ts'
import { sayOwn } from './say-own.ts'

/** Whose answer is shown. */
export type AnsweringModel = 'shared' | 'own'

interface ChooseModelProps {
  readonly taskId: string
  readonly own: OwnModel
  readonly chosen: AnsweringModel
  readonly onChange: (next: AnsweringModel) => void
  readonly onForgotten: () => void
}

/** The shared model or this browser's own, and how right both are on the examples that it holds out. */
export function ChooseModel({ taskId, own, chosen, onChange, onForgotten }: ChooseModelProps) {
  return (
    <Stack gap={4} data-testid="own-model">
      <SegmentedControl
        fullWidth
        aria-label="Which model answers"
        value={chosen}
        onChange={(next) => onChange(next === 'own' ? 'own' : 'shared')}
        data={[
          { value: 'shared', label: 'Shared model' },
          { value: 'own', label: 'My model' },
        ]}
      />
      <Text size="sm" c="dimmed">
        {sayOwn(own)}
      </Text>
      <ForgetOwnModel taskId={taskId} onForgotten={onForgotten} />
    </Stack>
  )
}
