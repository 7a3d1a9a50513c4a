import type { GateSubject, ModelRef } from '../gate/contract.ts'
import { ledgerOf } from './look-rows.ts'
import type { Registry } from './registry.ts'
import type { Task } from './task.ts'

/** A stored version as the gate judges it now: by the task's sets, against champion and anchor, after the looks so far. */
export function gateSubject({ id, document }: Task, version: number, registry: Registry): GateSubject {
  const { champion, anchor } = registry.pointers(id)
  const ref = (number: number): ModelRef => {
    const { weightsSha256 } = registry.version(id, number)
    return { version: number, weightsSha256 }
  }
  /** Not refitted to the set of today: it is compared with as people have it. */
  const promoted = (number: number | null): ModelRef | null =>
    number === null ? null : { ...ref(number), calibrator: registry.version(id, number).calibrator }
  const { parent } = registry.version(id, version)
  return {
    document,
    candidate: ref(version),
    base: ref(parent ?? version),
    champion: promoted(champion),
    anchor: promoted(anchor),
    looks: ledgerOf(registry.looks(document.sets.gate)),
  }
}
