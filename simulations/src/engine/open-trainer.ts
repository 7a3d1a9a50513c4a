import { tfjsTrainer, type Clock, type DataSchema, type Loss, type Trainer } from '@panal/client-core'
import { compiledTrainer } from './compiled-trainer.ts'
import { Uncompilable } from './layers/layer.ts'

/** How simulated devices train: as native code, or as a browser does. */
export const engineNames = ['native', 'tfjs'] as const
export type EngineName = (typeof engineNames)[number]

export interface OpenTrainerOptions {
  readonly engine: EngineName
  readonly clock: Clock
  /** Told in one line why a model is trained by tfjs nevertheless. */
  readonly tell: (line: string) => void
}

/** A trainer of the engine that is asked for; tfjs's, slower and with the same results, for what cannot be compiled. */
export async function openTrainer(
  { topology, data, loss }: { readonly topology: unknown; readonly data: DataSchema; readonly loss: Loss },
  { engine, clock, tell }: OpenTrainerOptions,
): Promise<Trainer> {
  if (engine === 'native')
    try {
      return await compiledTrainer(topology, data, loss)
    } catch (error) {
      if (!(error instanceof Uncompilable)) throw error
      tell(`trained by tfjs, for the model cannot be compiled: ${error.message}`)
    }
  return tfjsTrainer(topology, data, loss, { clock })
}
