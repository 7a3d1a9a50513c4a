import { parentPort } from 'node:worker_threads'
import { canonicalJson, PanalError, readDataset, type DataSchema, type Dataset, type Params } from '@panal/client-core'
import type { TaskDocument } from '../registry/task-document.ts'
import type { BaselinePredictions } from './baselines/baseline.ts'
import { answerByLogistic } from './baselines/logistic.ts'
import { readRecorded } from './baselines/recorded.ts'
import { answerByRule } from './baselines/rule.ts'
import { inCanonicalOrder, type OrderedDataset } from './canonical-order.ts'
import type { Examples, Predictions, VariedPredictions } from './contract.ts'
import type {
  Answer,
  BaselineRequest,
  DescribeRequest,
  FromWorker,
  PredictRequest,
  PredictVariedRequest,
  Request,
  ToWorker,
} from './evaluator-protocol.ts'
import { examine } from './examine-dataset.ts'
import { keepLast } from './keep-last.ts'
import { shownContents } from './report/shown-content.ts'
import { clientsOf } from './clients.ts'
import { fitSegmentProfile, profileDigest, segmentColumns } from './segment-profile.ts'
import { trainModel } from './run-model.ts'
import { makeTwoThreads } from './second-thread.ts'
import { vary, type VariedDataset } from './variations/vary.ts'

/** As large as its dataset. A check asks candidate and champion in turn for each variation, so one is enough. */
const maxVaried = 1
/** A baseline is made from sets that never change, so every judgement of a task asks for the same one. */
const maxFitted = 4

const port = parentPort
if (port === null) throw new Error('evaluator-worker.ts runs as a worker thread only')

interface Held {
  readonly bytes: Uint8Array
  read?: { readonly schema: string; readonly ordered: OrderedDataset }
}

const datasets = new Map<string, Held>()
const varied = keepLast<VariedDataset>(maxVaried)
const fitted = keepLast<BaselinePredictions>(maxFitted)
const cancels = new Map<number, AbortController>()
const runModel = makeTwoThreads()

/** Datasets are kept, examined and forgotten, and models run over them, one message after the other; only a cancel overtakes. */
let queue: Promise<void> = Promise.resolve()
port.on('message', (message: ToWorker) => {
  if (message.type === 'cancel') return cancels.get(message.id)?.abort(new Error('cancelled'))
  if ('id' in message) cancels.set(message.id, new AbortController())
  queue = queue.then(() => handle(message))
})

async function handle(message: Exclude<ToWorker, { type: 'cancel' }>): Promise<void> {
  if (message.type === 'keep') return void datasets.set(message.sha256, { bytes: message.bytes })
  if (message.type === 'forget') {
    datasets.delete(message.sha256)
    varied.drop((key) => key.startsWith(message.sha256))
    return
  }
  const { id } = message
  const reply = (answer: FromWorker): void => port?.postMessage(answer)
  try {
    const signal = cancels.get(id)?.signal
    signal?.throwIfAborted()
    reply({ type: 'answered', id, answer: await answerTo(message, signal) })
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error)
    reply({ type: 'failed', id, detail, ...(error instanceof PanalError && { code: error.code }) })
  } finally {
    cancels.delete(id)
  }
}

function answerTo(request: Request, signal?: AbortSignal): Promise<Answer> | Answer {
  switch (request.type) {
    case 'predict':
      return predict(request, signal)
    case 'predict-varied':
      return predictVaried(request, signal)
    case 'train':
      return trainModel(request, open(request.sha256, request.document.data).dataset, signal)
    case 'examine':
      return examine(open(request.sha256, request.data).dataset, request.data)
    case 'profile':
      return fitSegmentProfile(open(request.sha256, request.data).dataset, request.data, request.segments)
    case 'describe':
      return describe(request)
    case 'baseline':
      return answerByBaseline(request)
    case 'show':
      return shownContents(open(request.sha256, request.data).dataset, request.data, request)
  }
}

const predict = ({ document, params, sha256 }: PredictRequest, signal?: AbortSignal): Promise<Predictions> =>
  predictOn(open(sha256, document.data).dataset, { document, params, signal })

async function predictVaried(
  { document, params, sha256, variation }: PredictVariedRequest,
  signal?: AbortSignal,
): Promise<VariedPredictions> {
  const key = `${sha256} ${canonicalJson([document.data, variation])}`
  const { dataset, applies } = varied.get(key, () => vary(open(sha256, document.data), document.data, variation))
  return { predictions: await predictOn(dataset, { document, params, signal }), applies }
}

async function predictOn(
  dataset: Dataset,
  { document, params, signal }: { document: TaskDocument; params: Params; signal: AbortSignal | undefined },
): Promise<Predictions> {
  const probabilities = await runModel(document, params, dataset, signal)
  return { probabilities, labels: dataset.y, numClasses: document.data.classes.length }
}

function describe({ sha256, data, profile, clientColumn }: DescribeRequest): Examples {
  const { dataset, ids, rows } = open(sha256, data)
  return {
    numExamples: dataset.numExamples,
    datasetSha256: sha256,
    classes: data.classes,
    labels: dataset.y,
    ids,
    rows,
    segments: segmentColumns(dataset, data, profile),
    profileSha256: profileDigest(profile),
    ...(clientColumn !== undefined && clientsOf(dataset, clientColumn)),
  }
}

function answerByBaseline({ sha256, from, data, baseline }: BaselineRequest): BaselinePredictions {
  const judged = open(sha256, data)
  switch (baseline.kind) {
    case 'logistic': {
      const key = canonicalJson([sha256, from, data, baseline])
      return fitted.get(key, () =>
        answerByLogistic(open(from, data).dataset, judged.dataset, { data, ridge: baseline.ridge }),
      )
    }
    case 'rule':
      return answerByRule(judged.dataset, data, baseline.rule)
    case 'recorded':
      return readRecorded(bytesOf(from), judged, data.classes)
  }
}

/** Reads and sorts a dataset once; again only if another task's schema reads the same file otherwise. */
function open(sha256: string, data: DataSchema): OrderedDataset {
  const held = heldOf(sha256)
  const schema = JSON.stringify(data)
  if (held.read?.schema !== schema)
    held.read = { schema, ordered: inCanonicalOrder(readDataset(held.bytes, data), data) }
  return held.read.ordered
}

const bytesOf = (sha256: string): Uint8Array => heldOf(sha256).bytes

function heldOf(sha256: string): Held {
  const held = datasets.get(sha256)
  if (held === undefined) throw new Error(`dataset ${sha256} was not handed to the evaluation worker`)
  return held
}
