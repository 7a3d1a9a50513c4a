import { Alert, Button, Card, Checkbox, Group, Progress, Select, Stack, Text, Title } from '@mantine/core'
import { IconDoorExit, IconPlayerPause, IconPlayerPlay } from '@tabler/icons-react'
import type { TaskCard } from '@panal/client-core'
import { useState } from 'react'
import { useSearchParams } from 'react-router'
import type { Admission } from '../../data/admission.ts'
import { useContribution } from '../../device/contribution.tsx'
import { backendFromAddress, backendNames, type BackendName } from '../../device/worker-messages.ts'
import type { ChosenData } from './chosen-data.ts'
import { sayState } from './say-state.ts'
import { UnknownServer } from './unknown-server.tsx'
import { whatIsMissing } from './what-is-missing.ts'

interface RunCardProps {
  readonly card: TaskCard
  readonly chosen: ChosenData | null
  readonly admission: Admission
}

/** Consent and start; then what this device does now, with pause and leave. */
export function RunCard({ card, chosen, admission }: RunCardProps) {
  const { view } = useContribution()
  const isHere = view.taskId === card.id
  const isOn = view.phase === 'starting' || view.phase === 'running'
  return (
    <Card withBorder>
      <Stack>
        <Title order={2} size="h4">
          2. Contribute
        </Title>
        {isHere && view.phase !== 'idle' && <Now />}
        {isHere && isOn ? <Controls /> : <Consent card={card} chosen={chosen} admission={admission} elsewhere={isOn} />}
      </Stack>
    </Card>
  )
}

function Now() {
  const { view } = useContribution()
  const { title, detail, fraction } = sayState(view)
  const failed = view.failure !== null || (view.session?.state === 'left' && view.session.reason !== 'asked')
  if (view.session?.state === 'left' && view.session.code === 'unknown-key') return <UnknownServer />
  if (failed)
    return (
      <Alert color="red" title={title}>
        {detail}
      </Alert>
    )
  return (
    <Stack gap={6}>
      <Text fw={600} aria-live="polite" data-testid="state">
        {title}
      </Text>
      <Text size="sm" c="dimmed">
        {detail}
      </Text>
      {view.data !== null && (
        <Text size="xs" c="dimmed">
          With {view.data.numExamples.toLocaleString('en')} examples. What you add meanwhile counts from the next start.
        </Text>
      )}
      <Progress
        value={(fraction ?? 0) * 100}
        animated={fraction !== null}
        aria-label={title}
        size="lg"
        transitionDuration={150}
      />
    </Stack>
  )
}

function Controls() {
  const { view, pause, resume, leave } = useContribution()
  const isPaused = view.session?.state === 'paused'
  return (
    <Group>
      {isPaused ? (
        <Button leftSection={<IconPlayerPlay size={18} />} onClick={resume}>
          Resume
        </Button>
      ) : (
        <Button
          variant="default"
          leftSection={<IconPlayerPause size={18} />}
          onClick={pause}
          disabled={view.phase === 'starting'}
        >
          Pause
        </Button>
      )}
      <Button variant="default" color="red" leftSection={<IconDoorExit size={18} />} onClick={leave}>
        Leave
      </Button>
    </Group>
  )
}

interface ConsentProps extends RunCardProps {
  readonly elsewhere: boolean
}

function Consent({ card, chosen, admission, elsewhere }: ConsentProps) {
  const { start } = useContribution()
  const [agreed, setAgreed] = useState(false)
  const [search] = useSearchParams()
  const [backend, setBackend] = useState<BackendName | 'auto'>(backendFromAddress(search.toString()))
  const minimum = card.eligibility.minExamples ?? 1
  const missing = whatIsMissing({ chosen, agreed, minimum, paused: card.paused, admission: admission.state })
  return (
    <Stack gap="sm">
      {elsewhere && (
        <Alert color="yellow" variant="light">
          This browser contributes to another task now. Starting here leaves that one.
        </Alert>
      )}
      <Checkbox
        checked={agreed}
        onChange={(event) => setAgreed(event.currentTarget.checked)}
        label={`I agree that this browser trains on these examples and sends the weight changes described above.${card.plan.personalisation === undefined ? '' : ' The model of my own that it trains as well stays here.'} I can pause or leave at any moment.`}
      />
      <Group align="flex-end">
        <Button
          size="md"
          leftSection={<IconPlayerPlay size={18} />}
          disabled={missing !== null}
          onClick={() => chosen !== null && start(card, chosen.source, backend)}
        >
          Start
        </Button>
        <Select
          label="Compute with"
          size="xs"
          w={150}
          allowDeselect={false}
          value={backend}
          onChange={(next) => setBackend(backendNames.find((name) => name === next) ?? 'auto')}
          data={[{ value: 'auto', label: 'the fastest here' }, ...backendNames]}
        />
      </Group>
      <Text size="sm" c="dimmed" role="status">
        {missing ?? `Ready: ${chosen?.numExamples.toLocaleString('en')} examples.`}
      </Text>
    </Stack>
  )
}
