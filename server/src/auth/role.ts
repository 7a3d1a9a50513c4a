/** Weakest first: each may do what those before it may. `auditor` also reads the audit log, `operator` changes tasks and models, `owner` also decides who may. */
export const roles = ['viewer', 'auditor', 'operator', 'owner'] as const
export type Role = (typeof roles)[number]

export const isRole = (value: string): value is Role => (roles as readonly string[]).includes(value)

export const roleAllows = (role: Role, needed: Role): boolean => roles.indexOf(role) >= roles.indexOf(needed)
