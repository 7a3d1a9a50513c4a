/** What a command may touch of the process it runs in. */
export interface CliContext {
  readonly env: Readonly<Partial<Record<string, string>>>
  readonly print: (text: string) => void
  readonly complain: (text: string) => void
  /** Called at each signal that asks the process to end. */
  readonly onStop: (stop: () => void) => void
  readonly exitNow: (code: number) => void
  /** Width of the terminal; undefined where there is none. */
  readonly columns: number | undefined
}

/** What `panal` exits with; `--help` lists them. */
export const exitCodes = {
  ok: 0,
  /** The server refused, or could not start. */
  refused: 1,
  /** The command line or a file named on it is wrong. */
  usage: 2,
  /** No server answers at the address. */
  unreachable: 3,
} as const

/** A command that ends with a sentence for the person at the keyboard instead of a stack. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  constructor(
    readonly exitCode: number,
    readonly code: string,
    message: string,
    /** Further lines, such as one per error in a document. */
    readonly lines: readonly string[] = [],
  ) {
    super(message)
  }
}
