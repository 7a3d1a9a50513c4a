import type { AuditLog } from '../audit/audit-log.ts'
import type { ServerKeys } from './server-keys.ts'

/**
 * Adds an audit row for each rotation that has none: a key is in its file before its row can be written, and a crash, or
 * a full disk, may have come in between. By whom it was is lost then.
 */
export function noteRotations(keys: Pick<ServerKeys, 'publicSet'>, audit: Pick<AuditLog, 'append' | 'ofAction'>): void {
  const kids = keys.publicSet.keys.map(({ kid }) => kid).reverse()
  if (kids.length === 1) return
  const noted = new Set(audit.ofAction('key-rotated').map(({ detail }) => detail['kid']))
  for (const [i, kid] of kids.entries())
    if (i > 0 && !noted.has(kid))
      audit.append({
        actor: 'server',
        action: 'key-rotated',
        detail: { previous: kids[i - 1], kid, foundAtStart: true },
      })
}
