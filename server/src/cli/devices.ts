import type { Command } from 'commander'
import type { DeviceInfo } from '../auth/devices.ts'
import type { CliContext } from './context.ts'
import { fields, show, table, when } from './output.ts'
import { onServer } from './server-command.ts'

/** `panal device …` */
export function deviceCommands(program: Command, context: CliContext): void {
  const device = program.command('device').alias('devices').description('who may contribute')
  onServer(
    device
      .command('list')
      .description('devices, newest first')
      .option('--limit <n>', 'how many', '100')
      .option('--after <id>', 'go on after this one, the last of the list before')
      .option('--quarantined', 'only those in quarantine'),
    context,
    async (api, { json, limit, after, quarantined }) => {
      const page = new URLSearchParams({
        limit: limit ?? '100',
        ...(after !== undefined && { after }),
        ...(quarantined === true && { quarantined: 'true' }),
      })
      const answer = await api.get<{ devices: DeviceInfo[] }>(`/v1/devices?${page.toString()}`)
      show(context, json, answer, () =>
        table(
          ['device', 'tasks', 'network', 'enrolled', 'seen', 'revoked', 'quarantine', 'why'],
          answer.devices.map((each) => [
            each.id,
            each.tasks.join(' '),
            each.network,
            when(each.enrolledAt),
            when(each.lastSeenAt),
            when(each.revokedAt ?? undefined),
            when(each.quarantinedAt ?? undefined),
            each.reason,
          ]),
        ),
      )
    },
  )

  onServer(
    device
      .command('revoke')
      .description('shut a device out, for good and from now on')
      .argument('<id>', 'of the device, as `panal device list` shows it')
      .requiredOption('--reason <text>', 'why; kept in the audit trail'),
    context,
    async (api, { json, reason }, [id = '']) => {
      const answer = await api.post<object>(`/v1/devices/${encodeURIComponent(id)}/revoke`, { reason })
      show(context, json, answer, () => `${id} is shut out.\n`)
    },
  )

  for (const [verb, description, done] of [
    ['quarantine', 'ask a device no more and count nothing of it, until it is released', 'is in quarantine'],
    ['release', 'end the quarantine of a device', 'may be asked again'],
  ] as const)
    onServer(
      device
        .command(verb)
        .description(description)
        .argument('<id>', 'of the device, as `panal round inspect` shows it')
        .requiredOption('--reason <text>', 'why; kept in the audit trail'),
      context,
      async (api, { json, reason }, [id = '']) => {
        const answer = await api.post<object>(`/v1/devices/${encodeURIComponent(id)}/${verb}`, { reason })
        show(context, json, answer, () => `${id} ${done}.\n`)
      },
    )

  onServer(
    device
      .command('invite')
      .description('a link by which one device may serve a task that asks for invitations')
      .argument('<task>', 'id of the task')
      .option('--minutes <n>', 'how long it is good for, at most 15', '15'),
    context,
    async (api, { json, minutes }, [task = '']) => {
      const answer = await api.post<{ invitation: string; expiresAt: number; serverKey: string }>(
        `/v1/tasks/${encodeURIComponent(task)}/invitations`,
        { minutes: Number(minutes ?? '15') },
      )
      const fragment = new URLSearchParams({ invitation: answer.invitation, key: answer.serverKey }).toString()
      const link = `${api.url}/contribute/${encodeURIComponent(task)}#${fragment}`
      show(context, json, { ...answer, link }, () =>
        fields({ link, until: when(answer.expiresAt), 'server key': answer.serverKey }),
      )
    },
  )
}

/** Ids with commas between them, each once. */
export const deviceList = (text: string): string[] => [...new Set(text.split(',').filter((id) => id !== ''))]
