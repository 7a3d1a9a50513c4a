import { uniformInt, type Rng } from '@panal/client-core'
import { forget } from '../changes/forget.ts'
import { usualPair } from '../equal-pairs.ts'
import { gatingSegments, marginOf } from '../planting.ts'
import type { Recording } from '../recording.ts'
import type { Scenario, Setting } from '../scenario.ts'
import { changed } from '../side.ts'

/** In one segment that gates, another one in each run, accuracy falls by so many margins of the check `segments`. */
export const segmentRegression: Scenario = {
  title: 'Accuracy falls in one segment',
  scale: 'fall, in margins',
  settings: (recording) => {
    const segments = gatingSegments(recording)
    if (segments.length === 0) return { because: 'no declared segment has examples enough to gate' }
    const margin = marginOf(recording, 'segments')
    return [0, 1, 2, 3].map((margins) => setting(recording, { segments, margins, margin }))
  },
}

function setting(
  recording: Recording,
  { segments, margins, margin }: { segments: ReturnType<typeof gatingSegments>; margins: number; margin: number },
): Setting {
  const pair = usualPair(recording)
  const label = `${margins} × ${(100 * margin).toFixed(1)} points`
  const expected = margins === 0 ? 'not-blocked' : margins === 1 ? 'told' : 'blocked'
  const planted = segments.map(({ name, where, accuracy }) => ({
    name,
    candidate: changed(pair.candidate, forget(recording, where, Math.min(1, (margins * margin) / accuracy))),
  }))
  const stage = (rng: Rng) => {
    const { name, candidate } = planted[uniformInt(rng, planted.length)]!
    return { pair: { ...pair, candidate }, about: name }
  }
  return { label, size: margins, expected, stage }
}
