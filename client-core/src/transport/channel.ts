import type { ClientEvent, ClientEventName, Replies, ServerEvent, ServerEventName } from '../protocol/messages.ts'

/** The control connection of one device: typed, validated events. Tensors never travel here. */
export interface Channel {
  readonly connected: boolean
  /** What the server drew for this connection alone: a join is signed for it. Undefined while there is no connection. */
  readonly challenge: string | undefined
  /** Resolves with the server's answer. @throws PanalError when there is none in time, or the connection is gone. */
  request<Name extends ClientEventName>(
    name: Name,
    message: ClientEvent<Name>,
    signal?: AbortSignal,
  ): Promise<Replies[Name]>
  /** Returns the function that stops listening. Events that do not match their schema are dropped. */
  on<Name extends ServerEventName>(name: Name, listener: (message: ServerEvent<Name>) => void): () => void
  /** `up` after each (re)connection, `down` after each loss and each failed attempt to connect. */
  onLink(listener: (state: 'up' | 'down') => void): () => void
  close(): void
}
