/**
 * The part of papaparse that client-core uses. `@types/papaparse` refers to Node's types, and with them `process`,
 * `Buffer` and the rest would compile here; an ambient declaration keeps them out.
 */
declare module 'papaparse' {
  interface ParseError {
    readonly type: string
    readonly code: string
    readonly message: string
    /** Index into `data`; absent for problems of the whole file. */
    readonly row?: number
  }
  interface Papa {
    parse(
      text: string,
      config: { readonly header: false },
    ): { readonly data: string[][]; readonly errors: readonly ParseError[] }
  }
  const papa: Papa
  export default papa
}
