import { Agent } from 'node:http'
import { protocolVersion, type Enrolment } from '@panal/client-core'
import { request } from './http.ts'

/** Who a device of the load is. All that it says to prove it is in this file. */
export type Identity = Enrolment

/** Few connections for many enrolments: a device enrols once in its life, and that is not what is measured. */
const agent = new Agent({ keepAlive: true, maxSockets: 8 })

export async function enrol(server: string): Promise<Identity> {
  const { status, body } = await request(`${server}/v1/devices`, { method: 'POST', agent })
  if (status !== 201 && status !== 200) throw new Error(`enrolment refused: ${status} ${body.toString()}`)
  return JSON.parse(body.toString()) as Identity
}

/** The payload of `join`. */
export const joinPayload = (identity: Identity, taskId: string, idle: boolean) => ({
  ...identity,
  protocolVersion,
  taskId,
  numExamples: 100,
  conditions: { charging: true, unmetered: true, idle },
})

/** The headers with which a device proves itself to `method url`. */
export const proof = ({ deviceId, deviceToken }: Identity, _method: string, _url: string): Record<string, string> => ({
  authorization: `Bearer ${deviceId}.${deviceToken}`,
})
