import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { writeImageDataset } from '@panal/client-core'
import { digitsSchema } from '@panal/simulations'
import { build } from 'vite'
import { loadMnist, type LabelledImages } from '../../../simulations/src/data/mnist.ts'
import { digitsTask } from '../../../simulations/src/tasks/digits.ts'
import type { Judged, Judging } from './judge-process.ts'
import { lenet5, trainVersions } from './lenet.ts'

export type { Judged } from './judge-process.ts'

const numTraining = 5000
const numEvaluation = 3000
const numCalibration = 2000
const numCases = 20
/** Anchor, champion, and two candidates. */
const numVersions = 4

/**
 * The whole gate of the digits task through the evaluator's worker, in a process of its own: two candidates, one after the
 * other, judged by all 10,000 test images of MNIST; the other sets are of its training images. The first candidate finds
 * nothing kept, as after a start of the server; the second finds the champion's answers, as in every later round.
 */
export async function judgeWhole(): Promise<readonly Judged[]> {
  const folder = await mkdtemp(join(tmpdir(), 'panal-bench-whole-'))
  try {
    await writeFile(join(folder, 'judging.json'), JSON.stringify(await prepare(folder)))
    const child = spawn(process.execPath, [await compiled(), folder], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
    if (code !== 0) throw new Error(`the judging process ended with ${String(code)}`)
    return JSON.parse(output) as Judged[]
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** Stores the sets and the weights as blobs. */
async function prepare(folder: string): Promise<Judging> {
  const store = async (bytes: Uint8Array): Promise<string> => {
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    await writeFile(join(folder, sha256), bytes)
    return sha256
  }
  const [train, test] = await Promise.all([loadMnist('train'), loadMnist('t10k')])
  const part = (from: number, length: number) => store(toFile(slice(train, from, length)))
  const sets = {
    evaluation: await part(numTraining, numEvaluation),
    calibration: await part(numTraining + numEvaluation, numCalibration),
    gate: await store(toFile(test)),
  }
  const versions = await trainVersions(numVersions, slice(train, 0, numTraining))
  const cases = await store(toFile(slice(train, 0, numCases)))
  return {
    document: { ...digitsTask({ sets, cases, samples: [] }, 1), model: { topology: lenet5 } },
    versions: await Promise.all(versions.map((params) => store(new Uint8Array(params.buffer)))),
  }
}

/** The process as people's servers are: compiled, the evaluator's worker beside it. @returns where it is */
async function compiled(): Promise<string> {
  const root = fileURLToPath(new URL('../../..', import.meta.url))
  const server = join(root, 'server')
  const outDir = join(server, 'node_modules/.cache/bench-gate')
  const entry = fileURLToPath(new URL('judge-process.ts', import.meta.url))
  await build({
    root: server,
    configFile: join(root, 'vite.server.config.ts'),
    logLevel: 'warn',
    build: {
      outDir,
      rolldownOptions: {
        input: { 'judge-process': entry, 'second-worker': join(server, 'src/gate/second-worker.ts') },
      },
    },
  })
  return join(outDir, 'judge-process.js')
}

const slice = ({ pixels, labels }: LabelledImages, from: number, length: number): LabelledImages => ({
  numExamples: length,
  pixels: pixels.slice(from * 784, (from + length) * 784),
  labels: labels.slice(from, from + length),
})

const toFile = ({ pixels, labels }: LabelledImages): Uint8Array => writeImageDataset(pixels, labels, digitsSchema)
