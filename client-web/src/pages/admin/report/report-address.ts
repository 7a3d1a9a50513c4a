import type { JudgedVersion } from '../../../api/types.ts'

/** Where this app shows the report of a judgement. */
export const reportAddress = ({ taskId, version, judgement }: JudgedVersion): string =>
  `/admin/${encodeURIComponent(taskId)}/versions/${version}${judgement === undefined ? '' : `?judgement=${judgement}`}`

/** The judgement that an address names; undefined for the newest. */
export function judgementIn(search: URLSearchParams): number | undefined {
  const given = search.get('judgement') ?? ''
  return /^[1-9]\d{0,14}$/.test(given) ? Number(given) : undefined
}
