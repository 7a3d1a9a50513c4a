import type { ServerKey, ServerKeySet } from '@panal/client-core'
import type { Command } from 'commander'
import type { CliContext } from './context.ts'
import { show, table, when } from './output.ts'
import { onServer } from './server-command.ts'

/** `panal keys …` */
export function keyCommands(program: Command, context: CliContext): void {
  const keys = program.command('keys').description('the keys that the server signs with')
  onServer(keys.command('list').description('every key, newest first'), context, async (api, { json }) => {
    const answer = await api.get<ServerKeySet>('/v1/keys')
    show(context, json, answer, () =>
      table(
        ['key', 'made', 'retired'],
        answer.keys.map(({ kid, createdAt, retiredAt }) => [kid, when(createdAt), when(retiredAt)]),
      ),
    )
  })

  onServer(
    keys.command('rotate').description('make a new key, vouched for by the present one, and sign with it from now on'),
    context,
    async (api, { json }) => {
      const key = await api.post<ServerKey>('/v1/keys/rotate')
      show(context, json, key, () => `${key.kid} signs from now on. Devices follow by themselves.\n`)
    },
  )
}
