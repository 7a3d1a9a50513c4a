/** An AbortController that also aborts when `parent` does. `release` ends the tie, so that a long-lived parent keeps nothing. */
export interface ChildController {
  readonly signal: AbortSignal
  abort(reason?: unknown): void
  release(): void
}

/** Made once: without a reason, platforms build a DOMException with a stack at each abort, and there are many. */
const noLongerNeeded = new Error('no longer needed')

/** `AbortSignal.any` for platforms that lack it (React Native's Hermes does). */
export function childController(parent?: AbortSignal): ChildController {
  const controller = new AbortController()
  const follow = () => controller.abort(parent?.reason)
  if (parent?.aborted === true) follow()
  else parent?.addEventListener('abort', follow, { once: true })
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason ?? noLongerNeeded),
    release: () => parent?.removeEventListener('abort', follow),
  }
}
