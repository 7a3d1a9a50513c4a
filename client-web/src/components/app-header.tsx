import {
  ActionIcon,
  Anchor,
  Badge,
  Button,
  Flex,
  Group,
  Select,
  Text,
  useComputedColorScheme,
  useMantineColorScheme,
} from '@mantine/core'
import { IconMoon, IconSun } from '@tabler/icons-react'
import { Link, useLocation, useNavigate } from 'react-router'
import { useTasks } from '../api/queries.ts'
import { useContribution } from '../device/contribution.tsx'
import { Logo } from './logo.tsx'

const pages = [
  { path: 'contribute', label: 'Contribute' },
  { path: 'try', label: 'Try it' },
  { path: 'admin', label: 'Admin' },
] as const

/** Logo, task switcher, tabs, light or dark. One row on a desktop, two on a phone. */
export function AppHeader() {
  const { pathname, search } = useLocation()
  const navigate = useNavigate()
  const [, page = 'contribute', taskId = ''] = pathname.split('/')
  const addressOf = (toPage: string, toTask: string): string =>
    `/${toPage}${toTask === '' ? '' : `/${toTask}`}${search}`
  return (
    <Flex
      h="100%"
      px="md"
      maw={1172}
      mx="auto"
      gap={{ base: 0, sm: 'lg' }}
      direction={{ base: 'column', sm: 'row' }}
      align={{ base: 'stretch', sm: 'center' }}
      justify={{ base: 'space-evenly', sm: 'flex-start' }}
    >
      <Group gap="sm" wrap="nowrap" style={{ flex: '0 1 auto' }}>
        <Anchor component={Link} to="/" underline="never" c="inherit" aria-label="Panal, to the first page">
          <Group gap={8} wrap="nowrap">
            <Logo />
            <Text fw={700} size="lg" component="span">
              Panal
            </Text>
          </Group>
        </Anchor>
        <TaskSwitcher taskId={taskId} onChange={(id) => void navigate(addressOf(page, id))} />
        <Group hiddenFrom="sm" ml="auto" gap="xs" wrap="nowrap">
          <ColorSchemeButton />
        </Group>
      </Group>
      <Group component="nav" aria-label="Pages" gap={4} wrap="nowrap">
        {pages.map(({ path, label }) => (
          <Button
            key={path}
            component={Link}
            to={addressOf(path, taskId)}
            variant={page === path ? 'light' : 'subtle'}
            color={page === path ? 'honey' : 'gray'}
            size="sm"
            {...(page === path ? { 'aria-current': 'page' as const } : {})}
          >
            {label}
          </Button>
        ))}
      </Group>
      <Group visibleFrom="sm" ml="auto" gap="sm" wrap="nowrap">
        <RunningBadge />
        <ColorSchemeButton />
      </Group>
    </Flex>
  )
}

function TaskSwitcher({ taskId, onChange }: { readonly taskId: string; readonly onChange: (taskId: string) => void }) {
  const { data: tasks = [] } = useTasks()
  return (
    <Select
      aria-label="Task"
      size="sm"
      w={{ base: 190, sm: 220 }}
      placeholder="Choose a task"
      allowDeselect={false}
      value={tasks.some(({ card }) => card.id === taskId) ? taskId : null}
      data={tasks.map(({ card }) => ({ value: card.id, label: card.title }))}
      onChange={(id) => id !== null && onChange(id)}
      comboboxProps={{ shadow: 'md' }}
    />
  )
}

/** Shown on every page while this browser contributes. */
function RunningBadge() {
  const { view } = useContribution()
  if (view.phase !== 'running' || view.taskId === null) return null
  return (
    <Badge component={Link} to={`/contribute/${view.taskId}`} variant="light" style={{ cursor: 'pointer' }}>
      {view.session?.state === 'paused' ? 'paused' : 'contributing'}
    </Badge>
  )
}

function ColorSchemeButton() {
  const { setColorScheme } = useMantineColorScheme()
  const scheme = useComputedColorScheme('light', { getInitialValueInEffect: false })
  const other = scheme === 'dark' ? 'light' : 'dark'
  return (
    <ActionIcon variant="default" size="lg" aria-label={`Use ${other} colours`} onClick={() => setColorScheme(other)}>
      {scheme === 'dark' ? <IconSun size={18} /> : <IconMoon size={18} />}
    </ActionIcon>
  )
}
