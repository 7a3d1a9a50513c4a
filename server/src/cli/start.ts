import type { Command } from 'commander'
import { loadConfig, settings } from '../config.ts'
import { configurationPage } from '../configuration-page.ts'
import type { RunningServer } from '../start.ts'
import { StartupError } from '../startup-error.ts'
import { CommandError, exitCodes, type CliContext } from './context.ts'

/** `panal start` and `panal settings` */
export function startCommands(program: Command, context: CliContext): void {
  const start = program.command('start').description('run the server and its web page until it is told to stop')
  for (const { flag, env, fallback, help } of settings)
    start.option(`${flag} <value>`, `${help} (env ${env}, default ${fallback === '' ? 'none' : fallback})`)
  start.action(async () => {
    const loaded = loadConfig({ flags: start.opts<Record<string, string>>(), env: context.env })
    if (!loaded.ok)
      throw new CommandError(exitCodes.refused, 'invalid-config', 'the configuration has errors', loaded.problems)
    const { startServer } = await import('../start.ts')
    const server = await startServer(loaded.config).catch((error: unknown) => {
      throw error instanceof StartupError ? new CommandError(exitCodes.refused, error.code, error.message) : error
    })
    // Before anybody is told that it runs: who hears of it may stop it at once.
    const stopped = untilStopped(server, context)
    context.print(greeting(server))
    await stopped
  })

  program
    .command('settings')
    .description('print docs/configuration.md: every setting of `panal start`')
    .action(() => context.print(configurationPage()))
}

function greeting({ url, adminLink }: RunningServer): string {
  const link = adminLink === null ? '' : `Sign in once, within 24 hours: ${adminLink}\n`
  return `Panal listens on ${url}\n${link}`
}

/** The first signal lets everything finish; the second ends the process as it stands. Everything durable stays so. */
function untilStopped(server: RunningServer, context: CliContext): Promise<void> {
  return new Promise((resolve, reject) => {
    let stopping = false
    context.onStop(() => {
      if (stopping) return context.exitNow(exitCodes.refused)
      stopping = true
      context.complain('Stopping: devices are told, uploads may finish. Again to stop at once.\n')
      server.close().then(resolve, reject)
    })
  })
}
