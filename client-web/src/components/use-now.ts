import { useEffect, useState } from 'react'
import { clock } from '../clock.ts'

/** The time, ms since 1970, again every `everyMs`. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(() => clock.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(clock.now()), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return now
}
