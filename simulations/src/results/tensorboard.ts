import { PbfWriter } from 'pbf'
import { frameRecord } from '../data/record-framing.ts'
import { totalBytes } from './result-tables.ts'
import { assertRuns, type ResultWriter } from './result-writer.ts'
import type { RoundRecord } from './run-record.ts'

type Scalar = readonly [tag: string, value: number]

/** One record of an event file. */
export type TensorBoardEvent = { readonly wallSeconds: number } & (
  { readonly fileVersion: string } | { readonly step: number; readonly scalars: readonly Scalar[] }
)

/**
 * An event file for each run, which `tensorboard --logdir` shows as NAME/seed-N. Steps are rounds; times are real ones since the
 * run began, for a record does not know the date. float32, as all of TensorBoard's scalars.
 */
export const tensorboard: ResultWriter = {
  name: 'tensorboard',
  write(runs) {
    assertRuns(runs)
    return runs.map((run) => {
      const bytesSoFar = totalBytes(run)
      const rounds = run.rounds.map((at, i): TensorBoardEvent => ({
        wallSeconds: at.wallMs / 1000,
        step: at.round,
        scalars: scalarsOf(at, bytesSoFar[i]!),
      }))
      return {
        path: `tensorboard/${folderName(run.name)}/seed-${run.seed}/events.out.tfevents.0000000000.panal`,
        bytes: eventFile([{ wallSeconds: 0, fileVersion: 'brain.Event:2' }, ...rounds]),
      }
    })
  },
}

/** A name as one folder, whatever it is; distinct names stay distinct. */
const folderName = (name: string): string =>
  encodeURIComponent(name).replace(/^\.+$/, (dots) => '%2E'.repeat(dots.length))

function scalarsOf(at: RoundRecord, bytesSoFar: number): Scalar[] {
  const known: (readonly [string, number | null | undefined])[] = [
    ['test/accuracy', at.accuracy],
    ['test/loss', at.loss],
    ['train/loss', at.trainLoss],
    ['personal/accuracy', at.personal?.personalAccuracy],
    ['personal/shared_model_accuracy', at.personal?.sharedAccuracy],
    ['round/updates', at.numUpdates],
    ['round/simulated_seconds', at.simulatedMs / 1000],
    ['round/total_megabytes', bytesSoFar / 1e6],
    ...Object.entries(at.phases).map(([phase, ms]) => [`phase/${phase}_ms`, ms] as const),
    ...(at.deciles ?? []).flatMap(({ metric, values }) =>
      values.map((value, decile) => [`devices/${metric}/p${String(10 * decile).padStart(3, '0')}`, value] as const),
    ),
  ]
  return known.flatMap(([tag, value]) => (value === null || value === undefined ? [] : [[tag, value] as const]))
}

/** TFRecord framing around tensorflow.Event messages. */
export const eventFile = (events: readonly TensorBoardEvent[]): Uint8Array =>
  Buffer.concat(events.map((event) => frameRecord(encodeEvent(event))))

/** Source: tensorflow/core/util/event.proto and tensorflow/core/framework/summary.proto */
function encodeEvent(event: TensorBoardEvent): Uint8Array {
  const pbf = new PbfWriter()
  pbf.writeDoubleField(1, event.wallSeconds)
  if ('fileVersion' in event) pbf.writeStringField(3, event.fileVersion)
  else {
    pbf.writeVarintField(2, event.step)
    pbf.writeMessage(5, writeSummary, event.scalars)
  }
  return pbf.finish()
}

function writeSummary(scalars: readonly Scalar[], pbf: PbfWriter): void {
  for (const scalar of scalars) pbf.writeMessage(1, writeValue, scalar)
}

function writeValue([tag, value]: Scalar, pbf: PbfWriter): void {
  pbf.writeStringField(1, tag)
  pbf.writeFloatField(2, value)
}
