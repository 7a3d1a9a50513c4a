/** Why a server could not start. Never crosses the wire: `panal start` prints the sentence and exits. */
export const startupErrors = {
  'invalid-config': 'a setting is missing or wrong',
  'port-in-use': 'another program listens on the address',
  'data-dir-in-use': 'another process has the data directory open',
  'data-dir-not-writable': 'the data directory cannot be written',
  'keys-unreadable': 'a key that the server signs with is missing or damaged',
  'data-damaged': 'what the data directory holds is not what was written to it',
  'database-too-new': 'a newer version of Panal wrote the database',
  'database-too-old': 'an older version of Panal wrote the database, and it is only to be read',
} as const

export type StartupErrorCode = keyof typeof startupErrors

/** The message is a sentence for the person at the keyboard: what is wrong, and what to do. */
export class StartupError extends Error {
  override readonly name = 'StartupError'
  constructor(
    readonly code: StartupErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options)
  }
}
