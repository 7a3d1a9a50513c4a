/**
 * As much of WHATWG `fetch` as Panal needs, so that every platform's own can be passed in: pass
 * `(url, init) => fetch(url, init)`, for browsers refuse a `fetch` that is called as another object's method.
 */
export type Fetch = (url: string, init: FetchInit) => Promise<FetchResponse>

export interface FetchInit {
  readonly method: string
  readonly headers: Record<string, string>
  readonly body?: Uint8Array<ArrayBuffer>
  readonly signal: AbortSignal
}

export interface FetchResponse {
  readonly status: number
  readonly headers: { get(name: string): string | null }
  /** Absent where the platform cannot stream (React Native). */
  readonly body?: FetchBody | null
  arrayBuffer(): Promise<ArrayBuffer>
  text(): Promise<string>
}

export interface FetchBody {
  getReader?(): BodyReader
}

export interface BodyReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>
}
