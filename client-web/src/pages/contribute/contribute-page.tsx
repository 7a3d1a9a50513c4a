import { Grid, Stack, Text, Title } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import { useState } from 'react'
import { useWatchTask } from '../../api/live.ts'
import { RoundCard } from '../../components/round-card.tsx'
import type { TaskPageProps } from '../../components/task-gate.tsx'
import { useContribution } from '../../device/contribution.tsx'
import { AboutTask } from './about-task.tsx'
import { ChooseData } from './choose-data.tsx'
import type { ChosenData } from './chosen-data.ts'
import { InvitationCard } from './invitation-card.tsx'
import { LedgerCard } from './ledger-card.tsx'
import { LiveCard } from './live-card.tsx'
import { OwnModelCard } from './own-model-card.tsx'
import { RunCard } from './run-card.tsx'
import { useAdmission } from './use-admission.ts'

/** What is learnt, what leaves, one's own data, start; and beside it the round, live. */
export default function ContributePage({ view }: TaskPageProps) {
  const { card, round, numMembers } = view
  useWatchTask(card.id)
  useDocumentTitle(`${card.title} · Panal`)
  const contribution = useContribution().view
  const admission = useAdmission(card)
  const [chosen, setChosen] = useState<ChosenData | null>(null)
  const isHere = contribution.taskId === card.id
  return (
    <Stack gap="md">
      <Stack gap={4} maw={760}>
        <Title order={1} size="h2">
          {card.title}
        </Title>
        <Text>{card.description}</Text>
      </Stack>
      <InvitationCard admission={admission} />
      <AboutTask card={card} />
      <Grid>
        <Grid.Col span={{ base: 12, md: 7 }}>
          <Stack>
            <ChooseData card={card} onChange={setChosen} />
            <RunCard card={card} chosen={chosen} admission={admission} />
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 5 }}>
          <Stack>
            <RoundCard round={round} numMembers={numMembers} />
            {isHere && contribution.phase !== 'idle' && <LiveCard view={contribution} />}
            <OwnModelCard taskId={card.id} />
            <LedgerCard taskId={card.id} />
          </Stack>
        </Grid.Col>
      </Grid>
    </Stack>
  )
}
