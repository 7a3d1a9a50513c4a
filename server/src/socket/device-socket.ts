import {
  ok,
  protocolVersion,
  refuse,
  type Clock,
  type DeviceId,
  type Join,
  type JoinReply,
  type Refusal,
  type Replies,
} from '@panal/client-core'
import type { FastifyBaseLogger } from 'fastify'
import type { Socket } from 'socket.io'
import type { Standing } from '../auth/devices.ts'
import type { ProofNonces } from '../auth/proof-nonces.ts'
import type { AllowedOrigins } from '../http/origin.ts'
import type { ServerKeys } from '../keys/server-keys.ts'
import type { Link, Rounds } from '../round/contract.ts'
import { parseClientEvent, type ClientMessage } from './client-event.ts'
import { checkJoin, refusalOf } from './join-proof.ts'
import { messageBudget } from './message-budget.ts'
import type { Visit } from './strangers.ts'

export interface SocketPorts {
  readonly clock: Clock
  readonly log: FastifyBaseLogger
  readonly rounds: Rounds
  readonly hasTask: (taskId: string) => boolean
  /** Whether a device may serve a task. */
  readonly standing: (deviceId: DeviceId, taskId: string) => Standing
  readonly nonces: Pick<ProofNonces, 'current'>
  readonly keys: Pick<ServerKeys, 'sign'>
  readonly allowed: AllowedOrigins
}

/** The devices that are told about a task's rounds. */
export const roomOf = (taskId: string): string => `task:${taskId}`
/** Everybody else who is. */
export const watchRoomOf = (taskId: string): string => `watch:${taskId}`

type Membership = { readonly taskId: string; readonly deviceId: DeviceId }

/** One connection's whole life: from its first event to its end. */
export function serveSocket(socket: Socket, ports: SocketPorts, visit: Visit): void {
  const { rounds, log } = ports
  const budget = messageBudget(ports.clock)
  const link = linkOf(socket)
  let member: Membership | undefined

  const answerTo = async (event: ClientMessage): Promise<Replies[ClientMessage['name']]> => {
    if (event.name === 'join') return join(event.message)
    if (event.name === 'watch') return watch(event.message.taskId)
    if (event.name === 'leave') return leave()
    if (member === undefined) return refuse('not-joined')
    const { taskId, deviceId } = member
    // Its lease may have lapsed before it was revoked: then nobody has closed its connection.
    const refusal = refusalOf(ports.standing(deviceId, taskId))
    if (refusal !== undefined) {
      link.close({ code: refusal.code, detail: refusal.detail })
      return refusal
    }
    if (event.name === 'decline') {
      if (event.message.reason === 'untrusted') log.warn({ taskId, deviceId }, 'a device does not trust this server')
      return rounds.decline(taskId, deviceId, event.message)
    }
    const reply = rounds.heartbeat(taskId, deviceId, event.message)
    return reply.ok ? { ...reply, proofNonce: ports.nonces.current } : reply
  }

  const leave = (): { ok: true } => {
    if (member) rounds.leave(member.taskId, member.deviceId)
    if (member) visit.watches()
    member = undefined
    return ok
  }

  const join = async (message: Join): Promise<JoinReply | Refusal> => {
    if (message.protocolVersion !== protocolVersion)
      return refuse(
        'unsupported-version',
        `this server speaks version ${protocolVersion}; reload the page or update the app`,
      )
    if (member !== undefined && (member.taskId !== message.taskId || member.deviceId !== message.deviceId))
      return refuse('bad-request', 'this connection has already joined; use another one for another task or device')
    if (!ports.hasTask(message.taskId)) return refuse('unknown-task')
    const connection = { challenge: socket.id, host: socket.handshake.headers.host }
    const proven = await checkJoin(message, connection, ports.allowed)
    if (!proven.ok) return proven
    // After the last await: a revocation that came meanwhile counts.
    const refusal = refusalOf(ports.standing(message.deviceId, message.taskId))
    if (refusal !== undefined) return refusal
    if (!socket.connected) return refuse('not-joined')
    const reply = rounds.join(message, link)
    if (!reply.ok) return reply
    member = { taskId: message.taskId, deviceId: message.deviceId }
    visit.joined()
    await socket.join(roomOf(message.taskId))
    const greeting = ports.keys.sign({
      statement: 'greeting',
      ...member,
      proofId: proven.proofId,
      at: ports.clock.now(),
    })
    return { ...reply, greeting, proofNonce: ports.nonces.current }
  }

  const watch = async (taskId: string): Promise<{ ok: true } | Refusal> => {
    if (!ports.hasTask(taskId)) return refuse('unknown-task')
    if (member === undefined) visit.watches()
    await socket.join(watchRoomOf(taskId))
    return ok
  }

  socket.onAny((name: unknown, ...args: unknown[]) => {
    if (!budget.allows()) return link.close({ code: 'rate-limited', detail: 'too many messages', retryAfterMs: 10_000 })
    const event = parseClientEvent(name, args)
    if (!event.ok) {
      log.info({ code: event.refusal.code, socket: socket.id }, 'socket message refused')
      event.answer(event.refusal)
      if (budget.refused()) link.close({ code: 'bad-request', detail: 'too many messages that make no sense' })
      return
    }
    answerTo(event)
      .then(event.answer as (reply: unknown) => void)
      .catch((error: unknown) => {
        log.error({ err: error, event: event.name }, 'socket message failed')
        event.answer(refuse('internal')) // says nothing if an answer that could not be encoded came before it
      })
  })
  socket.on('disconnect', () => {
    if (member) rounds.unlink(member.taskId, member.deviceId, link)
  })
}

function linkOf(socket: Socket): Link {
  return {
    send: (name, message) => void socket.emit(name, message),
    close(closing) {
      socket.emit('closing', closing)
      // Closes the transport too, after what was sent before it.
      socket.disconnect(true)
    },
  }
}
