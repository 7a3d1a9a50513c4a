import type { Command } from 'commander'
import { connect, type ApiClient, type ServerOptions } from './api-client.ts'
import type { CliContext } from './context.ts'

/** What any of these commands may be given; each has only those that it declares. */
export interface ServerCommandOptions extends ServerOptions {
  readonly json?: boolean
  readonly limit?: string
  readonly after?: string
  readonly quarantined?: boolean
  readonly without?: string
  readonly minutes?: string
  readonly reason?: string
  readonly to?: string
  readonly sample?: boolean
  readonly name?: string
  readonly role?: string
  readonly days?: string
  readonly emergency?: boolean
  readonly againstGate?: boolean
  readonly offline?: boolean
  readonly evaluation?: string
  readonly calibration?: string
  readonly gate?: string
}

/**
 * Adds the options that every command to a running server has, and runs it with a connected client. `run` gets the
 * command's own arguments in order.
 */
export function onServer(
  command: Command,
  context: CliContext,
  run: (api: ApiClient, options: ServerCommandOptions, args: readonly string[]) => Promise<void>,
): Command {
  return reachingServer(command)
    .option('--json', 'print the answer as JSON')
    .action(async () => {
      const options = command.opts<ServerCommandOptions>()
      await run(await connect(options, context), options, command.args)
    })
}

/** How a command says which server it means, and who asks. */
export const reachingServer = (command: Command): Command =>
  command
    .option('--server <url>', 'address of the server (env PANAL_SERVER, default http://127.0.0.1:8080)')
    .option('--token <token>', 'API token (env PANAL_TOKEN, default: the one in <data>/admin.token)')
    .option('--data <folder>', 'data directory of a server on this machine (env PANAL_DATA, default ./panal-data)')
