/**
 * Roles of people, weakest first: each may do what those before it may. `auditor` also reads the audit trail, `operator`
 * changes tasks and models, `owner` also decides who may. Contributors have no role: their devices enrol, and the
 * routes for devices are no route of a person.
 */
export const roles = ['viewer', 'auditor', 'operator', 'owner'] as const
export type Role = (typeof roles)[number]

export const isRole = (value: string): value is Role => (roles as readonly string[]).includes(value)

export const roleAllows = (role: Role, needed: Role): boolean => roles.indexOf(role) >= roles.indexOf(needed)

export const weakerRole = (a: Role, b: Role): Role => (roleAllows(a, b) ? b : a)

/** A role as a row holds it. */
export function readRole(text: string): Role {
  if (!isRole(text)) throw new Error(`a row has the unknown role ${text}`)
  return text
}
