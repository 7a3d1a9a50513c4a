import { writeFile } from 'node:fs/promises'
import { readGateFile } from '../gate/recorded/gate-file.ts'
import { judgeRecorded } from '../gate/recorded/judge-recorded.ts'
import { openRecorded, type RecordedRequest } from '../gate/recorded/recorded-evaluation.ts'
import { RecordedError } from '../gate/recorded/recorded-error.ts'
import { openTableFile, type OnRead } from '../gate/recorded/table-file.ts'
import { recordedHtml } from '../gate/report/recorded-html.ts'
import { GateReportSchema } from '../gate/report-schema.ts'
import type { OnCheck } from '../gate/contract.ts'
import type { CliContext } from './context.ts'
import { evaluateText } from './evaluate-text.ts'
import type { EvaluateOptions } from './evaluate.ts'

/** What `panal evaluate` ends with; pipelines go by it. */
const verdictCodes = { PASS: 0, WARN: 0, NOT_ENOUGH_DATA: 2, NO_CHANGE: 2, BLOCK: 3, ERROR: 1 } as const

/** Judges a file as the command line says. @returns the exit code. @throws RecordedError */
export async function evaluate(options: EvaluateOptions, context: CliContext): Promise<number> {
  if (options.schema === true) {
    context.print(`${JSON.stringify(GateReportSchema, null, 2)}\n`)
    return 0
  }
  const path = required(options.data, '--data')
  const request = requestOf(options)
  const checks = options.config === undefined ? undefined : await readGateFile(options.config)
  const tell = progress(context)
  const file = await openTableFile(path, tell.read)
  const recorded = await openRecorded(file, request)
  const report = await judgeRecorded(recorded, checks, {
    signal: new AbortController().signal,
    onCheck: tell.check(recorded.sets.gate.length),
  })
  if (options.json !== undefined) await write(options.json, `${JSON.stringify(report, null, 2)}\n`)
  if (options.html !== undefined) await write(options.html, await recordedHtml(recorded, report))
  context.print(evaluateText(report))
  return verdictCodes[report.verdict]
}

function requestOf(options: EvaluateOptions): RecordedRequest {
  const { positive, anchor, id, client, split, calibration } = options
  const label = required(options.label, '--label')
  const candidate = required(options.candidate, '--candidate')
  if (options.champion !== undefined && options.first === true)
    throw wrong('--champion and --first: is there a champion, or is there none?')
  const champion = options.first === true ? null : required(options.champion, '--champion (--first, if there is none)')
  if (split !== undefined && calibration !== undefined)
    throw wrong('--split and --calibration both say which rows are set aside: leave one out')
  return {
    name: nameOf(options.name ?? 'recorded'),
    columns: {
      label,
      candidate,
      champion,
      ...(positive !== undefined && { positive }),
      ...(anchor !== undefined && { anchor }),
      ...(id !== undefined && { id }),
      ...(client !== undefined && { client }),
      ...(split !== undefined && { split }),
      ...(options.content !== undefined && { content: list(options.content) }),
      ignore: list(options.ignore),
    },
    segments: list(options.segments),
    ...(calibration !== undefined && { calibrationShare: shareOf(calibration) }),
    seed: seedOf(options.seed ?? '0'),
  }
}

const wrong = (message: string): RecordedError => new RecordedError('bad-argument', message)

function required(value: string | undefined, what: string): string {
  if (value === undefined) throw wrong(`${what} is missing; panal evaluate --help lists what there is`)
  return value
}

const list = (text: string | undefined): string[] =>
  (text ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')

function nameOf(text: string): string {
  if (!/^[a-z][a-z0-9-]{0,39}$/.test(text))
    throw wrong(`--name ${text}: lower-case letters, digits and dashes, at most 40`)
  return text
}

function shareOf(text: string): number {
  const share = Number(text)
  if (!(share > 0 && share < 1)) throw wrong(`--calibration ${text}: a share between 0 and 1, such as 0.2`)
  return share
}

function seedOf(text: string): number {
  const seed = Number(text)
  if (!/^\d+$/.test(text) || seed > 2 ** 32 - 1) throw wrong(`--seed ${text}: a whole number from 0 to ${2 ** 32 - 1}`)
  return seed
}

async function write(path: string, text: string): Promise<void> {
  await writeFile(path, text).catch((cause: unknown) => {
    throw new RecordedError('unwritable-file', `${path} cannot be written: ${(cause as Error).message}`)
  })
}

/** On standard error, where there is enough to do to wait for: the reading by tenths, then each check. */
function progress({ complain }: CliContext): {
  readonly read: OnRead
  readonly check: (numExamples: number) => OnCheck
} {
  const [manyBytes, manyRows] = [2 ** 23, 20_000]
  let tenths = 0
  return {
    read: (done, of) => {
      const now = of === 0 ? 10 : Math.floor((10 * done) / of)
      if (of >= manyBytes && now > tenths) complain(`reading: ${10 * (tenths = now)} %\n`)
    },
    check: (numExamples) => (name, numDone, numChecks) => {
      if (numExamples >= manyRows) complain(`checking: ${name}, ${numDone + 1} of ${numChecks}\n`)
    },
  }
}
