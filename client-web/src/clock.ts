import { systemClock } from '@panal/client-core'

/** The page's and its worker's clock. Browsers refuse timers that are called as another object's method. */
export const clock = systemClock({
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (handle) => clearTimeout(handle),
})
