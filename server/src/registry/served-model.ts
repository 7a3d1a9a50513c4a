import { calibratedParams, type Calibrator, type GateReport, type Params } from '@panal/client-core'
import type { Task } from './task.ts'

/** What must be known of a model to move a calibrator into its weights. */
export type ModelShape = Pick<Task, 'topology' | 'layout'>

/** How a version is served. Without params it is served as it was trained, and whoever loads it applies the calibrator. */
export interface ServedModel {
  readonly calibrator: Calibrator | null
  readonly params: Params | null
}

/** What of a model is served, as its report says: a broken one as it is, for nobody is served by it. */
export async function servedModel(
  { checks, sound }: GateReport,
  { topology, layout }: ModelShape,
  trained: () => Promise<Params>,
): Promise<ServedModel> {
  const calibrator = checks.find((check) => check.calibrator !== undefined)?.calibrator ?? null
  if (!sound || calibrator === null || calibrator.method === 'identity') return { calibrator, params: null }
  return { calibrator, params: calibratedParams(topology, layout, await trained(), calibrator) ?? null }
}
