import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Assignment } from '@panal/client-core'
import { updateHeaders, updateUrl, type Update } from './active.ts'
import { proof, type Identity } from './identity.ts'

/** One offer to one device. */
export interface Offer {
  readonly identity: Identity
  readonly assignment: Assignment
}

const tickMs = 200

/**
 * Uploads the same update for each offer, all at once and evenly over `overMs`, each on a connection of its own.
 * Resolves when all bytes have been handed over, with a promise of the number that got a receipt.
 */
export async function uploadSlowly(
  server: string,
  offers: readonly Offer[],
  update: Update,
  overMs: number,
): Promise<{ readonly numReceipts: Promise<number> }> {
  const { bytes } = update
  const uploads = await Promise.all(offers.map((offer) => begin(server, offer, update)))
  const answers = Promise.all(uploads.map(({ answer }) => answer))
  const pieceBytes = Math.ceil((bytes.length * tickMs) / overMs)
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    for (const { socket } of uploads) socket.write(bytes.subarray(at, at + pieceBytes))
    await sleep(tickMs)
  }
  return { numReceipts: answers.then((statuses) => statuses.filter((status) => status === 200).length) }
}

async function begin(
  server: string,
  { identity, assignment }: Offer,
  update: Update,
): Promise<{ socket: Socket; answer: Promise<number> }> {
  const { host, hostname, port } = new URL(server)
  const url = updateUrl(server, assignment, update)
  const headers = {
    host,
    connection: 'close',
    'content-length': String(update.bytes.length),
    ...updateHeaders(assignment, update),
    ...(await proof(identity, 'PUT', url)),
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const socket = connect(Number(port), hostname)
  socket.write(`PUT ${new URL(url).pathname} HTTP/1.1\r\n${lines.join('')}\r\n`)
  const answer = new Promise<number>((resolve) => {
    let text = ''
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
    socket.on('error', () => undefined) // the answer that came before it, or none, says what happened
    socket.on('close', () => resolve(Number(/^HTTP\/1.1 (\d+)/.exec(text)?.[1] ?? 0)))
  })
  return { socket, answer }
}
