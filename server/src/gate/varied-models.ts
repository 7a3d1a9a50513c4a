import type { JudgedModel } from './contract.ts'

/** A model that can be shown other examples than those of the set. */
export type VariableModel = JudgedModel & Required<Pick<JudgedModel, 'under'>>

export const canBeVaried = (model: JudgedModel): model is VariableModel => model.under !== undefined

/** What a check that varies examples says of recorded predictions. */
export const onlyRecorded = {
  verdict: 'NOT_APPLICABLE',
  reason: 'Only predictions were recorded, so no model can be shown other examples.',
} as const
