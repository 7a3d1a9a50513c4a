import { createPublicKey, verify } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import {
  ReportSignature,
  verifyReport,
  type GateReport,
  type ServerKeySet,
  type SignedReport,
  type VerifyEd25519,
} from '@panal/client-core'
import type { Command } from 'commander'
import { Value } from 'typebox/value'
import { signedReportIn } from '../gate/report/report-html.ts'
import { connect, type ServerOptions } from './api-client.ts'
import { CommandError, exitCodes, type CliContext } from './context.ts'
import { fields, show } from './output.ts'
import { onServer, reachingServer } from './server-command.ts'

interface ReportOptions extends ServerOptions {
  readonly html?: string
  readonly json?: string
  readonly judgement?: string
}

/** `panal version report …` and `panal version verify-report …` */
export function reportCommands(version: Command, context: CliContext): void {
  const report = reachingServer(
    version
      .command('report')
      .description('save the gate’s report of a version')
      .argument('<task>', 'the task')
      .argument('<version>', 'its number'),
  )
    .option('--html <file>', 'one file to read, print and keep, with some of the examples')
    .option('--json <file>', 'the report as it was signed')
    .option('--judgement <n>', 'an earlier judgement of the version; default the newest')
    .action(async () => {
      const options = report.opts<ReportOptions>()
      const wanted = [
        { kind: 'report.html', file: options.html },
        { kind: 'report.json', file: options.json },
      ].flatMap(({ kind, file }) => (file === undefined ? [] : [{ kind, file }]))
      if (wanted.length === 0)
        throw new CommandError(exitCodes.usage, 'no-file', 'name a file: --html FILE or --json FILE')
      const api = await connect(options, context)
      const [task = '', number = ''] = report.args
      const which = options.judgement === undefined ? '' : `?judgement=${encodeURIComponent(options.judgement)}`
      for (const { kind, file } of wanted) {
        const path = `/v1/tasks/${encodeURIComponent(task)}/versions/${encodeURIComponent(number)}/${kind}${which}`
        await write(file, await api.getText(path))
        context.print(`${file}\n`)
      }
    })

  onServer(
    version
      .command('verify-report')
      .description('check a saved report against the server’s keys')
      .argument('<file>', 'what `version report` saved: HTML or JSON'),
    context,
    async (api, { json }, [file = '']) => {
      const signed = await readSigned(file)
      const proof = await verifyReport(signed, await api.get<ServerKeySet>('/v1/keys'), byNode)
      if (!proof.ok) throw new CommandError(exitCodes.refused, 'not-verified', `${file}: ${proof.because}`)
      const { taskId, version: of, verdict } = signed.report
      const weights = signed.signature?.weightsSha256
      const found = { task: taskId, version: of, verdict, weights, key: proof.keyId }
      show(context, json, found, () => `The signature holds.\n${fields(found)}`)
    },
  )
}

const byNode: VerifyEd25519 = async (key, signature, bytes) =>
  verify(null, bytes, createPublicKey({ key, format: 'jwk' }), signature)

async function write(file: string, text: string): Promise<void> {
  await writeFile(file, text).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error)
    throw new CommandError(exitCodes.usage, 'file-not-writable', `${file} cannot be written: ${why}`)
  })
}

/** @throws CommandError where the file holds no signed report */
async function readSigned(file: string): Promise<SignedReport> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new CommandError(exitCodes.usage, 'file-not-readable', `${file} is not a file that can be read`)
  })
  const parsed = parse(text.trimStart().startsWith('<') ? signedReportIn(text) : text)
  if (isSigned(parsed)) return parsed
  throw new CommandError(exitCodes.usage, 'no-signed-report', `${file} holds no signed report`)
}

function parse(json: string | undefined): unknown {
  try {
    return json === undefined ? undefined : JSON.parse(json)
  } catch {
    return undefined
  }
}

/** The report itself may be of any form: the signature decides whether it is the one that was made. */
const isSigned = (value: unknown): value is SignedReport =>
  typeof value === 'object' &&
  value !== null &&
  'report' in value &&
  isReport(value.report) &&
  'signature' in value &&
  (value.signature === null || Value.Check(ReportSignature, value.signature))

const isReport = (value: unknown): value is GateReport =>
  typeof value === 'object' && value !== null && 'taskId' in value && 'version' in value && 'verdict' in value
