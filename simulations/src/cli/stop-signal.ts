/** The person at the keyboard, or the system, asked for an end. */
export class Stopped extends Error {
  override readonly name = 'Stopped'
}

/** Aborts at Ctrl-C or SIGTERM; a second Ctrl-C ends the process at once. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.once(name, () => stop.abort(new Stopped(`${name}: asked to stop`)))
  return stop.signal
}
