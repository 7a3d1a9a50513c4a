import { runCli } from './cli/program.ts'

/** Runs one `panal` command. The only reader of the process's arguments, environment and signals. */
export const main = (): Promise<number> => {
  // Whoever reads the output may have had enough: `panal … | head`.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(0)
  })
  return runCli(process.argv.slice(2), {
    env: process.env,
    print: (text) => void process.stdout.write(text),
    complain: (text) => void process.stderr.write(text),
    onStop: (stop) => {
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, stop)
    },
    exitNow: (code) => process.exit(code),
    columns: process.stdout.columns,
  })
}
