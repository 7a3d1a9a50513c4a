/**
 * The same object, that tells before each of the named methods is called. A proxy and not a copy: its classes have
 * private fields, which only their own instances may touch.
 */
export function watched<Target extends object>(
  target: Target,
  before: Partial<Record<keyof Target, () => void>>,
): Target {
  return new Proxy(target, {
    get(inner, name) {
      const value: unknown = Reflect.get(inner, name, inner)
      if (typeof value !== 'function') return value
      const tell = before[name as keyof Target]
      return (...args: unknown[]): unknown => {
        tell?.()
        return Reflect.apply(value, inner, args)
      }
    },
  })
}
