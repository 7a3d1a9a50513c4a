/** The peer of the idle devices: Socket.IO with the same settings and nothing behind it. Says its port on standard output. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Server } from 'socket.io'

const http = createServer()
new Server(http, {
  transports: ['websocket'],
  serveClient: false,
  perMessageDeflate: false,
  httpCompression: false,
  maxHttpBufferSize: 64 * 1024,
})
http.listen(0, '127.0.0.1', () => console.log((http.address() as AddressInfo).port))
