/** Whoever listens to one thing. Listeners are called in order of arrival; one removed during a call is not called. */
export interface Listeners<T> {
  add(listener: (value: T) => void): () => void
  tell(value: T): void
  clear(): void
}

export function listeners<T>(): Listeners<T> {
  const all = new Set<{ readonly call: (value: T) => void }>()
  return {
    add(call) {
      const entry = { call }
      all.add(entry)
      return () => void all.delete(entry)
    },
    tell(value) {
      for (const entry of [...all]) if (all.has(entry)) entry.call(value)
    },
    clear: () => all.clear(),
  }
}
