import { Type, type Static } from 'typebox'
import { DeviceId, TaskId } from './ids.ts'
import { ServerKeySet } from './statement.ts'
import { Work, WorkDone } from './work.ts'

const closed = { additionalProperties: false }

/** GET /v1/devices/challenge: what a device needs before it enrols. */
export const EnrolmentChallenge = Type.Object({ proofNonce: Type.String(), work: Work })
export type EnrolmentChallenge = Static<typeof EnrolmentChallenge>

/** An invitation to a task that asks for one: a JWT that the server signed, good once and for minutes. */
export const Invitation = Type.String({
  maxLength: 1000,
  pattern: '^[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]*$',
})

/** POST /v1/devices, with a request proof in the header `DPoP`: the device's key is in there. */
export const EnrolmentRequest = Type.Object(
  { taskId: TaskId, invitation: Type.Optional(Invitation), work: Type.Optional(WorkDone) },
  closed,
)
export type EnrolmentRequest = Static<typeof EnrolmentRequest>

export const Enrolment = Type.Object({ deviceId: DeviceId, taskId: TaskId, serverKeys: ServerKeySet })
export type Enrolment = Static<typeof Enrolment>
