import { WebSocket } from 'ws'

type Answered = (reply: unknown) => void
export type OnEvent = (name: string, payload: unknown) => void

/** Pushes that a device of the load acts on; of the others it reads no more than the name. */
const heeded: ReadonlySet<string> = new Set(['assignment', 'closing'])

/**
 * One control connection: Engine.IO 4 and Socket.IO 5 spoken by hand over a WebSocket. Socket.IO's own client has timers,
 * buffers and parsers for each connection; ten thousand of them would be measured instead of the server.
 */
export class Connection {
  readonly #socket: WebSocket
  readonly #onEvent: OnEvent
  readonly #waiting = new Map<number, Answered>()
  #lastId = 0
  #challenge = ''
  #opened: () => void = () => undefined

  private constructor(socket: WebSocket, onEvent: OnEvent) {
    this.#socket = socket
    this.#onEvent = onEvent
  }

  /** Resolves when the server has taken the connection up. */
  static open(server: string, onEvent: OnEvent, onLost: (why: string) => void): Promise<Connection> {
    const url = `${server.replace(/^http/, 'ws')}/socket.io/?EIO=4&transport=websocket`
    const socket = new WebSocket(url, { perMessageDeflate: false, skipUTF8Validation: true })
    const connection = new Connection(socket, onEvent)
    return new Promise((resolve, reject) => {
      connection.#opened = () => resolve(connection)
      socket.on('message', (data) => connection.#read(data as Buffer))
      socket.on('error', reject) // one that comes later is told by the close that follows
      socket.once('close', (code) => onLost(`closed: ${code}`))
    })
  }

  /** What the server drew for this connection: a join is signed for it. */
  get challenge(): string {
    return this.#challenge
  }

  /** Sends an event; resolves with its acknowledgement. */
  ask<Reply>(name: string, payload: unknown): Promise<Reply> {
    const id = ++this.#lastId
    this.#socket.send(`42${id}${JSON.stringify([name, payload])}`)
    return new Promise((resolve) => this.#waiting.set(id, resolve as Answered))
  }

  close(): void {
    this.#socket.removeAllListeners('close')
    this.#socket.terminate()
  }

  #read(data: Buffer): void {
    const [engine, socket] = [data[0], data[1]]
    if (engine === code('2')) this.#socket.send('3') // ping, pong
    if (engine === code('0')) this.#socket.send('40') // open, connect
    if (engine !== code('4')) return
    if (socket === code('0')) {
      this.#challenge = (JSON.parse(data.toString('utf8', 2)) as { sid: string }).sid
      return this.#opened()
    }
    if (socket === code('2')) return this.#event(data.toString('latin1', 2, 40), data)
    if (socket === code('3')) this.#acknowledge(data.toString('utf8', 2))
  }

  #event(start: string, data: Buffer): void {
    const name = /^\["([a-z]+)"/.exec(start)?.[1] ?? ''
    if (heeded.has(name)) this.#onEvent(name, (JSON.parse(data.toString('utf8', 2)) as unknown[])[1])
  }

  #acknowledge(text: string): void {
    const bracket = text.indexOf('[')
    const id = Number(text.slice(0, bracket))
    const answered = this.#waiting.get(id)
    this.#waiting.delete(id)
    answered?.((JSON.parse(text.slice(bracket)) as unknown[])[0])
  }
}

const code = (digit: string): number => digit.charCodeAt(0)
