import { reportDigest, type GateReport, type ReportSignature } from '@panal/client-core'
import type { ServerKeys } from '../keys/server-keys.ts'
import type { ModelVersion } from './model-version.ts'

/** The model's digest is what the report is about. Null without keys: where nothing is judged, nothing is signed. */
export function signReport(
  report: GateReport,
  { weightsSha256, servedSha256 }: Pick<ModelVersion, 'weightsSha256' | 'servedSha256'>,
  keys: Pick<ServerKeys, 'sign'> | undefined,
): ReportSignature | null {
  const { taskId, version } = report
  const served = servedSha256 === null ? {} : { servedSha256 }
  const about = { taskId, version, weightsSha256, ...served, reportSha256: reportDigest(report) }
  return keys?.sign({ statement: 'gate-report' as const, ...about }) ?? null
}
