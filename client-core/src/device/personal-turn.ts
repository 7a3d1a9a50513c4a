import { makeRng } from '../model/rng.ts'
import type { Params } from '../model/layout.ts'
import type { DeviceId } from '../protocol/ids.ts'
import type { Assignment } from '../protocol/messages.ts'
import type { HeldOutSplit } from '../train/held-out.ts'
import { makePersonalisation } from '../train/personalisation/registry.ts'
import { trainPersonal } from '../train/personalisation/train-personal.ts'
import type { Trainer } from '../train/trainer.ts'
import { childController, type ChildController } from '../transport/abort.ts'
import { forgottenMark, keepPersonalModel, keptPersonalModel, removePersonalModel } from './personal-model.ts'
import { described } from './refusals.ts'
import type { DeviceRuntime } from './runtime.ts'
import type { SessionEvent, SessionState } from './session-state.ts'

/** What a device's own model goes by in one round. */
export interface PersonalRoundOnDevice extends HeldOutSplit {
  readonly assignment: Assignment
  /** By which the examples were held out. */
  readonly deviceId: DeviceId
  /** The model that the round began with. */
  readonly base: Params
  readonly trainer: Trainer
  readonly runtime: Pick<DeviceRuntime, 'storage' | 'clock'>
}

type Personalising = Extract<SessionState, { state: 'personalising' }>
type Told = Extract<SessionEvent, { type: 'personalised' }>

/**
 * Trains a device's own model once the device's part of a round is done. No round waits for it: the session stops it where
 * another comes. Nothing of it is sent, and what goes wrong costs this turn alone: the model stays as it was.
 */
export class PersonalTurn {
  readonly #tell: (event: Told | undefined) => void
  #running: ChildController | undefined
  #state: Personalising | undefined

  /** @param tell what came of a turn; undefined: `state` has changed */
  constructor(tell: (event: Told | undefined) => void) {
    this.#tell = tell
  }

  /** What it is doing; undefined: nothing. */
  get state(): Personalising | undefined {
    return this.#state
  }

  /** Ends what it is doing; the model stays as it was. */
  stop(): void {
    this.#running?.abort()
  }

  /** Does and tells nothing where the plan makes no such model, or another turn is running. Never throws. */
  async run(round: PersonalRoundOnDevice, life: AbortSignal): Promise<void> {
    if (round.assignment.manifest.plan.personalisation === undefined || this.#running !== undefined) return
    const told = await this.#result(round, life)
    if (told !== undefined) this.#tell(told)
    this.#tell(undefined)
  }

  async #result(round: PersonalRoundOnDevice, life: AbortSignal): Promise<Told | undefined> {
    const { roundNumber } = round.assignment
    const running = childController(life)
    this.#running = running
    const show = (fraction: number): void => {
      this.#state = { state: 'personalising', roundNumber, fraction }
      this.#tell(undefined)
    }
    try {
      return await personalise(round, running.signal, show)
    } catch (error) {
      if (life.aborted) return undefined
      if (running.signal.aborted) return { type: 'personalised', roundNumber, outcome: 'stopped', metrics: null }
      return { type: 'personalised', roundNumber, outcome: 'failed', metrics: null, detail: described(error).detail }
    } finally {
      running.release()
      this.#running = undefined
      this.#state = undefined
    }
  }
}

async function personalise(
  { assignment, deviceId, base, trainer, runtime, ...split }: PersonalRoundOnDevice,
  signal: AbortSignal,
  onProgress: (fraction: number) => void,
): Promise<Told | undefined> {
  const { manifest, roundNumber, seed } = assignment
  const { plan, version } = manifest
  if (plan.personalisation === undefined) return undefined
  signal.throwIfAborted()
  onProgress(0)
  const personalisation = makePersonalisation(plan.personalisation)
  const name = { ...manifest, deviceId }
  const { storage, clock } = runtime
  const forgotten = await forgottenMark(storage, name.taskId)
  const before = personalisation.continues ? await keptPersonalModel(storage, name, trainer.layout) : undefined
  const rng = makeRng(seed).fork('personal')
  const training = { personalisation, own: before?.params, shared: base, plan, ...split, rng, isMeasured: true }
  const found = await trainPersonal(trainer, { ...training, onProgress }, signal)
  signal.throwIfAborted()
  const told = { type: 'personalised', roundNumber } as const
  if (found === undefined) return { ...told, outcome: 'diverged', metrics: null }
  const isForgotten = async () => (await forgottenMark(storage, name.taskId)) !== forgotten
  if (await isForgotten()) return { ...told, outcome: 'forgotten', metrics: null }
  const model = { ...found, roundNumber, version, trainedAt: clock.now() }
  const isKept = await keepPersonalModel(storage, name, model, trainer.layout).then(
    () => true,
    () => false, // full or forbidden: the model before stays, or none
  )
  if (await isForgotten()) {
    await removePersonalModel(storage, name)
    return { ...told, outcome: 'forgotten', metrics: null }
  }
  return { ...told, outcome: isKept ? 'kept' : 'storage-refused', metrics: found.metrics }
}
