import { ErrorBody, RoundSummary, TaskId, VersionNumber } from '@panal/client-core'
import { Type, type TSchema } from 'typebox'
import { roles } from '../auth/role.ts'

/** Path parameter of everything that belongs to a task. */
export const TaskParams = Type.Object({ taskId: TaskId })
export const VersionParams = Type.Object({ taskId: TaskId, version: VersionNumber })

/** Newest first, `limit` of them, older than `before`. */
export const Page = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
    before: Type.Optional(Type.Integer({ minimum: 0, maximum: 1e9 })),
  },
  { additionalProperties: false },
)

export const RoleName = Type.Union(roles.map((role) => Type.Literal(role)))

/** Why a person did what they did: kept with the move and in the audit trail. */
export const Reason = Type.String({ minLength: 1, maxLength: 500, pattern: '\\S' })

export const Rounds = Type.Object({ rounds: Type.Array(RoundSummary) })

/** The answers of one route for the OpenAPI page: the good one, and every refusal in the same shape. */
export const answers = (good: TSchema, description = 'done', status = 200) => ({
  [status]: Type.Object({ ...(good as { properties?: Record<string, TSchema> }).properties }, { description }),
  '4xx': ErrorBody,
  '5xx': ErrorBody,
})
