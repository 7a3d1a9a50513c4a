export * from './model/calibrator.ts'
export * from './model/layout.ts'
export * from './model/rng.ts'
export * from './protocol/canonical-json.ts'
export * from './protocol/data-schema.ts'
export * from './protocol/enrolment.ts'
export * from './protocol/errors.ts'
export type * from './protocol/gate-report.ts'
export * from './protocol/ids.ts'
export * from './protocol/keys.ts'
export * from './protocol/manifest.ts'
export * from './protocol/messages.ts'
export * from './protocol/proof.ts'
export * from './protocol/samples.ts'
export * from './protocol/signed-report.ts'
export * from './protocol/statement.ts'
export * from './protocol/task.ts'
export * from './protocol/version.ts'
export * from './protocol/work.ts'
export type * from './codec/codec.ts'
export type * from './data/dataset.ts'
export type * from './device/keys.ts'
export type * from './device/runtime.ts'
export type * from './device/session-state.ts'
export * from './device/clock.ts'
export * from './device/ledger.ts'
export {
  forgetPersonalModel,
  hasPersonalModel,
  readPersonalModel,
  type PersonalModel,
} from './device/personal-model.ts'
export { forgetServer, pinnedServerKey } from './device/trust.ts'
export type * from './train/trainer.ts'
export type * from './transport/channel.ts'
export type * from './transport/transfer.ts'
export * from './codec/registry.ts'
export * from './data/image-dataset.ts'
export * from './data/preprocess.ts'
export type * from './data/problems.ts'
export { readCsv, isBlank, type CsvTable } from './data/read-csv.ts'
export * from './data/read-dataset.ts'
export * from './data/read-table.ts'
export * from './data/safetensors.ts'
export * from './privacy/clip.ts'
export { keyOf as enrolmentKey } from './device/identity.ts'
export * from './device/virtual-clock.ts'
export type * from './transport/fetch.ts'
export * from './transport/http-transfer.ts'
export * from './transport/loopback.ts'
export * from './transport/retry.ts'
export * from './transport/socket-io.ts'
export {
  axisOver,
  chartWidth,
  at as coordinate,
  legend,
  lineThrough,
  mark,
  plot,
  seriesClass,
  shorten,
  svg,
} from './report/chart.ts'
export { checkName } from './report/check-name.ts'
export type * from './report/context.ts'
export { decisiveOf } from './report/decisive.ts'
export { explanations } from './report/explain.ts'
export { drawFigure, figureMarkup } from './report/figures/figure.ts'
export { h, markupText, textOf, type Child, type MarkupElement } from './report/markup.ts'
export { reportBody, worstExamplesId, worstOverall } from './report/report-body.ts'
export { samplesMarkup } from './report/sections/samples.ts'
export { countOf, sayCount, sayDuration, sayNumber, sayShare } from './report/numbers.ts'
export { reportStyles } from './report/styles.ts'
export { nameOfSubject, type ShownReport } from './report/subject.ts'
export { fold, table } from './report/table.ts'
export { checkDataset, gather, rowsOfRound, stepsOfRound, type Batch } from './train/batches.ts'
export * from './train/calibrated-params.ts'
export type { Correction, CorrectedRound } from './train/correction/correction.ts'
export { makeCorrection } from './train/correction/registry.ts'
export * from './train/held-out.ts'
export {
  trainPersonal,
  type OwnMetrics,
  type PersonalTraining,
  type Personalised,
} from './train/personalisation/train-personal.ts'
export * from './train/personalisation/registry.ts'
export type { Personalisation, PersonalisationPolicy, PersonalRound } from './train/personalisation/personalisation.ts'
export * from './train/check-model.ts'
export * from './train/initial-params.ts'
export * from './train/local-metrics.ts'
export * from './train/model.ts'
export { huberDelta } from './train/objective.ts'
export * from './train/tfjs-trainer.ts'
export { modelTopology, asTopology, logitsTopology, type Topology } from './train/topology.ts'
export * from './device/session.ts'
