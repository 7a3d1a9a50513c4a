import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { Clock } from '@panal/client-core'
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify'
import type { Logger } from 'pino'
import type { AuditLog } from '../audit/audit-log.ts'
import type { MoveRequests } from '../approval/move-requests.ts'
import type { Devices } from '../auth/devices.ts'
import type { Invitations } from '../auth/invitations.ts'
import type { ProofNonces } from '../auth/proof-nonces.ts'
import type { ProofOfWork } from '../auth/proof-of-work.ts'
import type { People } from '../auth/people.ts'
import type { Config } from '../config.ts'
import type { SampleReader } from '../gate/report/read-samples.ts'
import type { JudgeAgain } from '../gate/judge-again.ts'
import type { ServerKeys } from '../keys/server-keys.ts'
import type { BlobCatalogue } from '../registry/blob-catalogue.ts'
import type { Registry } from '../registry/registry.ts'
import type { TaskStore } from '../registry/task-store.ts'
import type { Rounds } from '../round/contract.ts'
import type { KeepReplay } from '../round/keep-replay.ts'
import type { UpdateLog } from '../round/ports.ts'
import type { BlobStore } from '../store/blobs.ts'
import type { DiskSpace } from '../store/disk-space.ts'
import type { UploadRoom } from '../store/upload-room.ts'

/** Fastify with types from the routes' schemas. */
export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

/** All that the front door stands on. */
export interface AppDeps {
  readonly config: Config
  readonly clock: Clock
  readonly log: Logger
  readonly rounds: Rounds
  /** Lets uploads begin, those of updates and of datasets. */
  readonly uploads: UploadRoom
  readonly registry: Registry
  readonly tasks: Pick<TaskStore, 'has' | 'get' | 'list' | 'card' | 'create' | 'changeSets' | 'setPaused'>
  readonly blobs: BlobStore
  readonly catalogue: Pick<BlobCatalogue, 'isPublic' | 'addDataset' | 'datasets'>
  readonly devices: Pick<Devices, 'enrol' | 'standing' | 'revoke' | 'list' | 'quarantine' | 'release' | 'isQuarantined'>
  readonly nonces: ProofNonces
  readonly work: ProofOfWork
  readonly invitations: Invitations
  readonly keys: Pick<ServerKeys, 'id' | 'publicSet' | 'sign' | 'rotate'>
  readonly audit: Pick<AuditLog, 'append' | 'verify' | 'page'>
  readonly keepReplay: KeepReplay
  readonly updateLog: Pick<UpdateLog, 'updatesOf'>
  readonly disk: Pick<DiskSpace, 'freeBytes' | 'isLow' | 'reserveBytes'>
  readonly samples: SampleReader
  readonly people: People
  readonly moveRequests: MoveRequests
  readonly judgeAgain: Pick<JudgeAgain, 'start' | 'current'>
  /** Under which people reach the server, without a slash at its end; known once it listens. */
  readonly address: () => string
  /** Folder of the built web page. */
  readonly webFolder: string
  /** Whether the start is over and no stop has begun. */
  readonly isReady: () => boolean
}
