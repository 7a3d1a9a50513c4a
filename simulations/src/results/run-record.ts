import type { LabelDistribution } from '../partition/label-distribution.ts'

/** What one run of an experiment was and what came of it: plain JSON, the input of every result writer. */
export interface RunRecord {
  /** Of the experiment; runs of one name are the same experiment with other seeds. */
  readonly name: string
  readonly seed: number
  /** The experiment as it ran: every field, defaults written out. */
  readonly config: Readonly<Record<string, unknown>>
  /** Name of a program or package to its version: node, panal, onnxruntime-node, … */
  readonly versions: Readonly<Record<string, string>>
  /** 40 hex digits; null outside a git work tree. Ends in `+changes` where files differed from that commit. */
  readonly gitCommit: string | null
  /** What was trained and tested on. */
  readonly data: readonly DataDigest[]
  /** In order, the first is round 1. */
  readonly rounds: readonly RoundRecord[]
  readonly resources: ResourceUse
  /** Who had which classes, for a picture. */
  readonly partition?: LabelDistribution
  /** Absent where the experiment expects nothing. */
  readonly expectation?: HeldRun
}

/** A run held to what its experiment expects. */
export interface HeldRun {
  /** Of every figure. */
  readonly isMet: boolean
  readonly figures: readonly HeldFigure[]
  /** Of what is published. */
  readonly source?: string
}

export interface HeldFigure {
  /** Rounds until the target; accuracy or loss on the test set by the model that the run ends with. */
  readonly name: 'rounds' | 'accuracy' | 'loss'
  /** What came of the run; absent where it did not come to it. */
  readonly value?: number
  /** The bound: one of the two. */
  readonly atMost?: number
  readonly atLeast?: number
  /** What others have reported. */
  readonly published?: number
  readonly isMet: boolean
}

export interface DataDigest {
  readonly name: string
  /** Of the bytes as they were read: 64 hex digits. */
  readonly sha256: string
}

export interface RoundRecord {
  /** Counts from 1. */
  readonly round: number
  /** Virtual time at the round's end, since the run began. The same on processors of the same kind. */
  readonly simulatedMs: number
  /** Real time at the round's end, since the run began. */
  readonly wallMs: number
  /** From all devices to the server, in this round. */
  readonly bytesUp: number
  /** From the server to all devices, in this round. */
  readonly bytesDown: number
  /** Devices that were asked in this round, whether they reported in it, later or never: trips that began. */
  readonly numAsked?: number
  /** Updates that were aggregated. */
  readonly numUpdates: number
  /** Mean loss on the devices while they trained, by examples; null where no device trained. */
  readonly trainLoss: number | null
  /** On the test set, by the model after the round; absent in rounds that were not tested, and where it is not a finite number. */
  readonly loss?: number
  /** Share of the test set, 0 to 1; absent in rounds that were not tested, and for tasks that have none. */
  readonly accuracy?: number
  /** Of metrics that are finite numbers on every device. */
  readonly deciles?: readonly DeviceDeciles[]
  /** Of the round's devices with models of their own; absent in rounds in which they were not measured. */
  readonly personal?: PersonalRecord
  /** Name of a phase (train, aggregate, evaluate, …) to the real milliseconds that it took in this round. */
  readonly phases: Readonly<Record<string, number>>
}

/**
 * Means over devices, each counting once, of the model that the round began with and of each device's own after it: on the
 * examples that the device holds out.
 */
export interface PersonalRecord {
  readonly numDevices: number
  readonly sharedAccuracy: number
  readonly personalAccuracy: number
  /** Absent where it is not a finite number. */
  readonly sharedLoss?: number
  readonly personalLoss?: number
}

/** How a metric spreads over the devices of a round. */
export interface DeviceDeciles {
  /** `accuracy`, `loss`, … */
  readonly metric: string
  /** 11 numbers in rising order: the least, the nine deciles, the greatest. */
  readonly values: readonly number[]
}

export interface ResourceUse {
  readonly wallMs: number
  /** User and system time of all threads, during the run. */
  readonly cpuMs: number
  /** Most resident memory of the process at any time, also before the run. */
  readonly peakMemoryBytes: number
  /** Worker threads that trained. */
  readonly numWorkers: number
  /** Logical cores of the machine, and what it calls itself. */
  readonly numCores: number
  readonly machine: string
}
