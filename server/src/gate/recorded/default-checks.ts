import type { GateCheckSpec } from '../checks/registry.ts'

/** What there is to be judged. */
export interface JudgedKinds {
  readonly numClasses: number
  readonly hasChampion: boolean
  readonly hasAnchor: boolean
  readonly hasSegments: boolean
  /** Whether the data say whose example each is: these are looked at apart, too. */
  readonly hasClients: boolean
}

/**
 * The checks of an evaluation for which nobody wrote a gate file: all that recorded predictions can answer and that need no
 * figure from the task. Log loss decides, for it has the most power; too few examples for accuracy, AUC or macro F1 warn.
 */
export function defaultChecks({
  numClasses,
  hasChampion,
  hasAnchor,
  hasSegments,
  hasClients,
}: JudgedKinds): GateCheckSpec[] {
  const regression = (metric: 'accuracy' | 'auc' | 'macro-f1'): GateCheckSpec => ({
    name: 'no-regression',
    against: 'champion',
    metric,
    critical: false,
  })
  const checks: readonly (readonly [boolean, readonly GateCheckSpec[]])[] = [
    [true, [{ name: 'integrity' }, { name: 'pin' }]],
    [hasChampion, [{ name: 'power' }]],
    [true, [{ name: 'baselines' }]],
    [
      hasChampion,
      [
        { name: 'no-regression', against: 'champion' },
        regression('accuracy'),
        ...(numClasses === 2 ? [regression('auc')] : []),
        regression('macro-f1'),
      ],
    ],
    [hasAnchor, [{ name: 'no-regression', against: 'anchor' }]],
    [hasChampion, [{ name: 'negative-flips' }]],
    [hasChampion && hasSegments, [{ name: 'segments' }]],
    [hasChampion && (hasSegments || hasClients), [{ name: 'masking' }]],
    [hasChampion, [{ name: 'slices' }]],
    [true, [{ name: 'calibration' }]],
    [hasSegments, [{ name: 'segment-calibration' }]],
  ]
  return checks.flatMap(([applies, specs]) => (applies ? specs : []))
}
