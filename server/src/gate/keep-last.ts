/** Values by key, those of the keys asked for last. */
export interface KeptLast<Value> {
  /** The value of the key, made if it is not there. */
  get(key: string, make: () => Value): Value
  drop(isUnwanted: (key: string) => boolean): void
}

/** Keeps `max` values; the one unused for longest goes before the next is made, so that there are never more. */
export function keepLast<Value>(max: number): KeptLast<Value> {
  // A Map keeps insertion order: the first key is the one unused for longest.
  const kept = new Map<string, Value>()
  const drop = (isUnwanted: (key: string) => boolean): void => {
    for (const key of [...kept.keys()].filter(isUnwanted)) kept.delete(key)
  }
  return {
    get(key, make) {
      const found = kept.get(key)
      if (found === undefined)
        for (const oldest of [...kept.keys()].slice(0, Math.max(0, kept.size - max + 1))) kept.delete(oldest)
      const value = found ?? make()
      kept.delete(key)
      kept.set(key, value)
      return value
    },
    drop,
  }
}
