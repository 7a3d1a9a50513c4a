import type { Command } from 'commander'
import type { AuditEntry, AuditVerdict } from '../audit/audit-log.ts'
import type { ApiClient } from './api-client.ts'
import { CommandError, exitCodes, type CliContext } from './context.ts'
import { readingData } from './data-dir-command.ts'
import { show } from './output.ts'
import { onServer, type ServerCommandOptions } from './server-command.ts'

/** Where the trail is read from: a server's answers, or the data directory itself. */
interface Trail {
  verify(): Promise<AuditVerdict>
  /** Oldest first, at most so many, from the row after `after`. */
  page(after: number): Promise<readonly AuditEntry[]>
}

/** `panal audit …` */
export function auditCommands(program: Command, context: CliContext): void {
  const audit = program.command('audit').description('the trail of who changed what, and why')

  onTrail(
    audit.command('verify').description('check that no row was altered or removed'),
    context,
    async (trail, { json }) => {
      const verdict = await trail.verify()
      show(context, json, verdict, () =>
        verdict.ok ? `${verdict.numRows} rows, unbroken; head ${verdict.head}\n` : '',
      )
      if (!verdict.ok) throw new CommandError(exitCodes.refused, 'audit-broken', verdict.detail)
    },
  )

  onTrail(
    audit.command('export').description('print every row, oldest first, one JSON document a line'),
    context,
    async (trail) => {
      for (let after = 0; ;) {
        const entries = await trail.page(after)
        for (const entry of entries) context.print(`${JSON.stringify(entry)}\n`)
        const last = entries.at(-1)
        if (last === undefined) return
        after = last.seq
      }
    },
  )
}

/** A command on the trail of a running server, or with `--offline` on that of a data directory. */
function onTrail(
  command: Command,
  context: CliContext,
  run: (trail: Trail, options: ServerCommandOptions) => Promise<void>,
): void {
  command.option('--offline', 'read the data directory itself, whether or not a server has it open')
  onServer(command, context, (api, options) =>
    options.offline === true
      ? readingData(options, context, ({ audit }) =>
          run({ verify: () => audit.verify(), page: (after) => Promise.resolve(audit.page(after)) }, options),
        )
      : run(trailOf(api), options),
  )
}

const trailOf = (api: ApiClient): Trail => ({
  verify: () => api.get('/v1/audit/verify'),
  page: async (after) => (await api.get<{ entries: AuditEntry[] }>(`/v1/audit/entries?after=${after}`)).entries,
})
