import type { Scenario } from '../scenario.ts'
import { exchanged } from './exchanged.ts'
import { flippedLabels } from './flipped-labels.ts'
import { jittered } from './jittered.ts'
import { lostFeature } from './lost-feature.ts'
import { mixShift } from './mix-shift.ts'
import { regression } from './regression.ts'
import { same } from './same.ts'
import { scrambledSegment } from './scrambled-segment.ts'
import { segmentRegression } from './segment-regression.ts'
import { smallSegmentRegression } from './small-segment-regression.ts'
import { stale } from './stale.ts'
import { swappedClasses } from './swapped-classes.ts'
import { temperature } from './temperature.ts'

/** What the gate is tried with. A new scenario is one file and one line here. */
export const scenarios = {
  same,
  exchanged,
  jittered,
  'segment-regression': segmentRegression,
  'small-segment-regression': smallSegmentRegression,
  regression,
  temperature,
  'swapped-classes': swappedClasses,
  'scrambled-segment': scrambledSegment,
  'lost-feature': lostFeature,
  'flipped-labels': flippedLabels,
  stale,
  'mix-shift': mixShift,
} as const satisfies Readonly<Record<string, Scenario>>

export type ScenarioName = keyof typeof scenarios
export const scenarioNames = Object.keys(scenarios) as ScenarioName[]
