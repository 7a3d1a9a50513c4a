/** Both ends of a promise that somebody else settles. */
export interface Ends<Value> {
  readonly resolve: (value: Value) => void
  readonly reject: (error: Error) => void
}

/** The same ends, which first do what there is to do when nobody waits any more. */
export const settling = <Value>(settled: () => void, { resolve, reject }: Ends<Value>): Ends<Value> => ({
  resolve(value) {
    settled()
    resolve(value)
  },
  reject(error) {
    settled()
    reject(error)
  },
})
