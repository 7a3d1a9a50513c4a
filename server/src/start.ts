import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { DestinationStream, Logger } from 'pino'
import { systemClock, type Clock } from '@panal/client-core'
import { buildApp, type FrontDoor } from './app.ts'
import { MoveRequests } from './approval/move-requests.ts'
import { AuditLog } from './audit/audit-log.ts'
import { Devices } from './auth/devices.ts'
import { Invitations } from './auth/invitations.ts'
import { writeLocalToken } from './auth/local-token.ts'
import { ProofNonces } from './auth/proof-nonces.ts'
import { ProofOfWork } from './auth/proof-of-work.ts'
import { codeVersion } from './code-version.ts'
import { Oidc } from './auth/oidc.ts'
import { readOidcSettings } from './auth/oidc-settings.ts'
import { makePeople, type People } from './auth/people.ts'
import type { Config } from './config.ts'
import { armFailpoint } from './failpoint.ts'
import type { ModelRef, VariedPredictions } from './gate/contract.ts'
import { makeEvaluator } from './gate/evaluator.ts'
import { makeGate } from './gate/gate.ts'
import { JudgeAgain } from './gate/judge-again.ts'
import { makePredictionCache } from './gate/prediction-cache.ts'
import { makeSampleReader } from './gate/report/read-samples.ts'
import type { App } from './http/ports.ts'
import { noteRotations } from './keys/note-rotations.ts'
import { ServerKeys } from './keys/server-keys.ts'
import { logEngines, logRounds, makeLog } from './log.ts'
import { BlobCatalogue } from './registry/blob-catalogue.ts'
import { taskCard } from './registry/make-task.ts'
import { SqlRegistry } from './registry/sql-registry.ts'
import { TaskStore } from './registry/task-store.ts'
import { SqlUpdateLog } from './registry/updates.ts'
import { makeKeepReplay } from './round/keep-replay.ts'
import { makeRounds } from './round/rounds.ts'
import { Spool } from './round/spool.ts'
import { StartupError } from './startup-error.ts'
import { BlobFiles } from './store/blob-files.ts'
import { openDataDir, type DataDir } from './store/data-dir.ts'
import { DiskSpace } from './store/disk-space.ts'
import type { Tracing } from './tracking/otlp.ts'
import type { Database } from './store/database.ts'
import { openSound } from './store/open-sound.ts'
import { UploadRoom } from './store/upload-room.ts'
import { Engines, type EnginesDeps } from './vector/engines.ts'

/** What stands in for the machine's own; all of it may be left out. */
export interface StartParts {
  readonly clock?: Clock
  /** Where the log goes; by default standard error. */
  readonly logTo?: DestinationStream
  /** How vector engines are opened, instead of those of the registry. */
  readonly vectorEngines?: EnginesDeps['open']
}

/** A server that listens. */
export interface RunningServer {
  /** Where it listens; `publicUrl` of the config where that is set. */
  readonly url: string
  readonly app: App
  /** Signs the first person in; null once anybody has ever signed in. */
  readonly adminLink: string | null
  /** An API token for whoever started the server in this process. */
  readonly operatorToken: string
  /** Devices told, uploads finished, everything closed. Calling it again changes nothing. */
  close(): Promise<void>
}

const webFolder = fileURLToPath(new URL('../../client-web/dist', import.meta.url))

/**
 * Everything a server is, on one data directory, listening and with its tasks' rounds running.
 * @throws StartupError
 */
export async function startServer(config: Config, parts: StartParts = {}): Promise<RunningServer> {
  const { clock = systemClock({ setTimeout, clearTimeout }), logTo, ...rest } = parts
  armFailpoint(config.failpoint)
  const dataDir = await openDataDir(config.data)
  let db: Database | undefined
  try {
    db = await openSound(dataDir, new BlobFiles(dataDir))
    const server = await compose(config, dataDir, db, { clock, log: makeLog(config.logLevel, logTo), ...rest })
    return { ...server, close: () => server.close().finally(() => dataDir.close()) }
  } catch (error) {
    db?.close()
    await dataDir.discard()
    throw error
  }
}

async function compose(
  config: Config,
  dataDir: DataDir,
  db: Database,
  { clock, log, vectorEngines }: Pick<StartParts, 'vectorEngines'> & { readonly clock: Clock; readonly log: Logger },
): Promise<RunningServer> {
  const audit = new AuditLog({ db, clock })
  const oidc = await readOidcSettings(config)
  const people = makePeople({
    db,
    clock,
    audit,
    times: config,
    ...(oidc === undefined ? {} : { oidc: (deps) => new Oidc(deps, oidc) }),
  })
  const keys = await ServerKeys.load({ dataDir, clock })
  noteRotations(keys, audit)
  const devices = new Devices({ db, clock, audit, maxPerNetwork: config.enrolmentsPerDay })
  const invitations = new Invitations({ db, clock, audit, keys })
  const nonces = new ProofNonces(clock)
  const work = new ProofOfWork({ clock, bits: config.enrolmentWorkBits })
  const blobs = new BlobFiles(dataDir)
  const registry = new SqlRegistry({ db, blobs, clock, audit, codeVersion: codeVersion(), keys })
  const evaluator = makeEvaluator({ readBlob: (sha256) => blobs.read(sha256) })
  // a thread of its own, which starts when a task has a root set: training may take minutes, and nothing waits for that
  const rootTrainer = makeEvaluator({ readBlob: (sha256) => blobs.read(sha256) })
  const tasks = await TaskStore.load({ db, examiner: evaluator, clock, audit, registry })
  const judging = {
    evaluator,
    loadParams: (taskId: string, { version }: ModelRef) => registry.params(taskId, version),
    cache: makePredictionCache(),
    variedCache: makePredictionCache<VariedPredictions>(),
  }
  const gate = makeGate({ ...judging, clock })
  const samples = makeSampleReader({ ...judging, registry, tasks })
  const tracing = await tracingOf(config)
  const updateLog = new SqlUpdateLog(db)
  const disk = await DiskSpace.of({ folder: dataDir.uploads, reserveBytes: config.diskReserveBytes, clock })
  const { maxUploads: maxConcurrent, maxSpoolBytes } = config
  const uploads = new UploadRoom({ disk, folder: dataDir.uploads, maxConcurrent, maxSpoolBytes })
  const engines = new Engines({ setting: config.vectorEngine, clock, tell: logEngines(log), open: vectorEngines })
  const rounds = makeRounds({
    registry,
    gate,
    clock,
    sign: (fields) => keys.sign(fields),
    keyId: () => keys.id,
    taskCard,
    log: tracing?.traces.log(updateLog) ?? updateLog,
    spoolFolder: dataDir.uploads,
    uploads,
    keptRounds: config.keptRounds,
    maxHeldBytes: config.maxHeldBytes,
    engines,
    rootTrainer,
    isQuarantined: (deviceId) => devices.isQuarantined(deviceId),
    onFinished: (taskId) => tasks.setPaused(taskId, true, 'round limit'),
    onError: (error, taskId) => log.error({ err: error, taskId }, 'round failed'),
    ...(tracing && { watch: (taskId, ports) => tracing.traces.watch(taskId, ports) }),
  })
  const endTraces = tracing?.traces.follow(rounds)
  logRounds(rounds, log)
  let ready = false
  const catalogue = new BlobCatalogue({ db, clock, audit })
  const champion = (taskId: string) => registry.pointers(taskId).champion
  const moveRequests = new MoveRequests({ db, clock, audit, champion })
  const judgeAgain = new JudgeAgain({
    registry,
    tasks,
    gate,
    clock,
    ...(config.promotionPeople > 1 && { moveRequests }),
    onPromoted: (promoted) => rounds.announce(promoted),
    onError: (error, taskId) => log.error({ err: error, taskId }, 'judging again failed'),
  })
  const keepReplay = makeKeepReplay({
    rootTrainer,
    registry,
    tasks,
    judgeAgain,
    clock,
    log: updateLog,
    spool: new Spool(dataDir.uploads),
    maxHeldBytes: config.maxHeldBytes,
  })
  const stores = {
    registry,
    tasks,
    blobs,
    catalogue,
    keys,
    devices,
    invitations,
    nonces,
    work,
    people,
    moveRequests,
    judgeAgain,
    audit,
    updateLog,
    keepReplay,
    disk,
    samples,
  }
  let url = ''
  const life = { isReady: () => ready, address: () => url }
  const door = await buildApp({ config, clock, log, rounds, uploads, ...stores, webFolder, ...life })

  let closing: Promise<void> | undefined
  const close = async () => {
    ready = false
    await drain(door, () => Promise.all([rounds.stop(), judgeAgain.stop()]), { clock, drainMs: config.drainMs })
    endTraces?.()
    await tracing?.close()
    await engines.close()
    await rootTrainer.close()
    await gate.close()
    devices.close()
    db.close()
    log.info('stopped')
  }
  try {
    // Before anybody can ask: to a device that comes back, a round that is not taken up yet would be one that is not.
    for (const task of tasks.list()) rounds.start(task, tasks.isPaused(task.id))
    url = await listen(door, config)
    people.sweep()
    invitations.sweep()
    await writeLocalToken(dataDir, people.tokens)
    ready = true
    return {
      url,
      app: door.app,
      adminLink: firstLink(url, people),
      operatorToken: people.tokens.replace({ name: 'in-process', role: 'operator' }).secret,
      close: () => (closing ??= close()),
    }
  } catch (error) {
    // Its rounds run and it may listen: a start that fails leaves neither behind.
    await close()
    throw error
  }
}

/** Loaded only where it is asked for: an idle server should be small. */
const tracingOf = async ({ otlpEndpoint }: Config): Promise<Tracing | undefined> =>
  otlpEndpoint === '' ? undefined : (await import('./tracking/otlp.ts')).startTracing(otlpEndpoint, codeVersion())

function firstLink(url: string, { accounts, links }: People): string | null {
  const admin = accounts.find('admin')
  const isTaken = admin !== undefined && (admin.role !== 'owner' || admin.disabledAt !== null)
  if (accounts.hasAnybodySignedIn() || isTaken) return null
  return `${url}/admin#link=${links.create({ name: 'admin', role: 'owner' }, 'first start').secret}`
}

/**
 * Connections that the kernel completes while the server has not taken them up yet; it caps this by its own limit. Node's
 * 511 is too few when a cohort of a thousand comes at once: the others are reset.
 */
const backlog = 4_096

/** @throws StartupError 'port-in-use' | 'invalid-config' */
async function listen({ app }: FrontDoor, { host, port, publicUrl }: Config): Promise<string> {
  await app
    .listen({ host, port, backlog, listenTextResolver: (address) => `listening on ${address}` })
    .catch((error: unknown) => {
      throw listenError(error, host, port)
    })
  const address = app.server.address() as AddressInfo
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host
  return publicUrl === '' ? `http://${name}:${address.port}` : publicUrl.replace(/\/$/, '')
}

function listenError(error: unknown, host: string, port: number): unknown {
  const { code } = error as { code?: string }
  const where = `${host} port ${port}`
  if (code === 'EADDRINUSE')
    return new StartupError(
      'port-in-use',
      `Another program listens on ${where}. Stop it, or choose another with --port (0 takes any).`,
      { cause: error },
    )
  if (code === 'EACCES')
    return new StartupError('invalid-config', `This user may not listen on ${where}. Choose a --port over 1023.`)
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return new StartupError('invalid-config', `${host} is no address of this machine. Choose another --host.`)
  return error
}

/**
 * Rounds stop, uploads in flight and answers on their way finish, for at most `drainMs` in all; then every connection
 * is cut, and again until none is left.
 */
async function drain(
  { app, sockets }: FrontDoor,
  stopWork: () => Promise<unknown>,
  { clock, drainMs }: { readonly clock: Clock; readonly drainMs: number },
): Promise<void> {
  const done = new AbortController()
  const cutting = (async () => {
    for (let waitMs = drainMs; !done.signal.aborted; waitMs = 100) {
      await clock.sleep(waitMs, done.signal)
      app.server.closeAllConnections()
    }
  })().catch(() => undefined)
  await stopWork()
  await sockets.close({ code: 'draining', detail: 'the server is shutting down', retryAfterMs: 5_000 })
  await app.close()
  done.abort()
  await cutting
}
