import { Alert, Badge, Box, Grid, Group, Skeleton, Stack, Text, Title } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import { IconRefresh } from '@tabler/icons-react'
import type { Promoted } from '@panal/client-core'
import { useState } from 'react'
import { useWatchTask } from '../../api/live.ts'
import { OwnModelForgotten } from '../../components/forget-own-model.tsx'
import { RoundCard } from '../../components/round-card.tsx'
import type { TaskPageProps } from '../../components/task-gate.tsx'
import { Answer } from './answer.tsx'
import { AskByDrawing } from './ask-by-drawing.tsx'
import { AskByForm } from './ask-by-form.tsx'
import { ChooseModel, type AnsweringModel } from './choose-model.tsx'
import { NoChampion } from './no-champion.tsx'
import { useChampion } from './use-champion.ts'

/** Puts a question to the champion, which answers in this browser. */
export default function TryPage({ view }: TaskPageProps) {
  const { card, pointers, round, numMembers } = view
  useDocumentTitle(`Try it: ${card.title} · Panal`)
  const [news, setNews] = useState<Promoted | null>(null)
  useWatchTask(card.id, setNews)
  const { ask, ...champion } = useChampion(card, pointers.champion)
  const [chosen, setAnswering] = useState<AnsweringModel>('shared')
  const [wasForgotten, setForgotten] = useState(false)
  const forgotten = () => {
    setAnswering('shared')
    setForgotten(true)
  }
  const answering = champion.own === null ? 'shared' : chosen
  // on a phone a form is longer than the screen: its answer would be out of sight below
  const answerFirst = card.data.kind === 'table' && champion.version !== null
  return (
    <Stack gap="md">
      <Group justify="space-between" align="flex-end">
        <Stack gap={4} maw={720}>
          <Title order={1} size="h2">
            Try it: {card.title}
          </Title>
          <Text>The model answers here, in this browser. What you ask it leaves no trace on the server.</Text>
        </Stack>
        {champion.version !== null && (
          <Badge size="lg" variant="light" data-testid="champion-version">
            {answering === 'own' ? 'your own model' : `model ${champion.version}`} answers
            {champion.backend === null ? '' : ` · ${champion.backend}`}
          </Badge>
        )}
      </Group>
      {champion.failure !== null && (
        <Alert color="red" title="The model could not answer">
          {champion.failure}
        </Alert>
      )}
      <Grid>
        <Grid.Col span={{ base: 12, md: 7 }} order={answerFirst ? { base: 2, md: 1 } : 1}>
          {pointers.champion === null ? (
            <NoChampion card={card} round={round} />
          ) : champion.version === null ? (
            <Skeleton height={380} radius="md" aria-label="Loading the model" />
          ) : card.data.kind === 'image' ? (
            <AskByDrawing card={card} ask={ask} />
          ) : (
            <AskByForm schema={card.data} ask={ask} />
          )}
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 5 }} order={answerFirst ? { base: 1, md: 2 } : 2}>
          <Stack>
            {champion.version !== null && (
              <Answer
                classes={card.data.classes}
                probabilities={answering === 'own' ? champion.ownProbabilities : champion.probabilities}
                kind={card.data.kind}
              >
                {champion.own !== null ? (
                  <ChooseModel
                    taskId={card.id}
                    own={champion.own}
                    chosen={answering}
                    onChange={setAnswering}
                    onForgotten={forgotten}
                  />
                ) : (
                  wasForgotten && <OwnModelForgotten />
                )}
              </Answer>
            )}
            <Box visibleFrom="md">
              <RoundCard round={round} numMembers={numMembers} />
            </Box>
          </Stack>
        </Grid.Col>
        <Grid.Col span={12} order={3} hiddenFrom="md">
          <RoundCard round={round} numMembers={numMembers} />
        </Grid.Col>
      </Grid>
      {/* below what is drawn on: nothing may move under a finger */}
      {news !== null && champion.version === news.champion && (
        <Alert
          role="status"
          color="teal"
          variant="light"
          icon={<IconRefresh />}
          title={`Model ${news.champion} was promoted just now`}
          withCloseButton
          closeButtonLabel="Close"
          onClose={() => setNews(null)}
        >
          It has been loaded and answers from now on
          {news.previous === null ? '.' : `, instead of model ${news.previous}.`}
        </Alert>
      )}
    </Stack>
  )
}
