import { uniformInt } from '@panal/client-core'
import { forget } from './changes/forget.ts'
import { usualPair } from './equal-pairs.ts'
import { marginOf, type Plantable } from './planting.ts'
import type { Recording } from './recording.ts'
import type { Expected, Setting } from './scenario.ts'
import { changed } from './side.ts'

/** Accuracy falls by so many margins of the check `segments` in one of these segments, another one in each run. */
export function plantedInSegments(
  recording: Recording,
  segments: readonly Plantable[],
  { margins, expected }: { readonly margins: number; readonly expected: Expected },
): Setting {
  const pair = usualPair(recording)
  const margin = marginOf(recording, 'segments')
  const planted = segments.map(({ name, where, accuracy }) => ({
    name,
    candidate: changed(pair.candidate, forget(recording, where, Math.min(1, (margins * margin) / accuracy))),
  }))
  return {
    label: `${margins} × ${(100 * margin).toFixed(1)} points`,
    size: margins,
    expected,
    stage: (rng) => {
      const { name, candidate } = planted[uniformInt(rng, planted.length)]!
      return { pair: { ...pair, candidate }, about: name }
    },
  }
}
