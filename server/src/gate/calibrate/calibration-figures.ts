import type { Figure } from '@panal/client-core'
import type { CalibrationReport, Rate, ScenarioReport } from './calibration-report.ts'

type Curve = Extract<Figure, { kind: 'curve' }>
type Settings = ScenarioReport['settings']

/** How often the gate blocks, holds and promotes along each scale of sizes that was tried at two or more. */
export function detectionCurves({ scenarios, taskId }: CalibrationReport): Curve[] {
  return scenarios.flatMap(({ title, scale, settings }): Curve[] => {
    const sized = settings.filter(({ size }) => size !== undefined)
    if (scale === undefined || sized.length < 2) return []
    return [
      {
        kind: 'curve',
        title: `${taskId}: ${lowerFirst(title)}`,
        x: scale,
        y: 'share of runs',
        lines: [
          line('blocked', sized, ({ blocked }) => blocked),
          line('held', sized, ({ held }) => held),
          line('promoted', sized, ({ promoted }) => promoted),
        ],
      },
    ]
  })
}

/** Log loss of the champion, round by round, where every candidate was a little worse. */
export const driftCurve = ({ drift, taskId }: CalibrationReport): Curve | undefined =>
  drift === null
    ? undefined
    : {
        kind: 'curve',
        title: `${taskId}: every candidate a little worse`,
        x: 'round',
        y: 'log loss of the champion',
        lines: drift.lines.map(({ name, points }) => ({
          name,
          points: points.map(({ round, logLoss }) => ({ x: round, y: logLoss })),
        })),
      }

const line = (name: string, settings: Settings, of: (setting: Settings[number]) => Rate): Curve['lines'][number] => ({
  name,
  points: settings.map((setting) => ({ x: setting.size!, y: of(setting).rate, interval: of(setting).interval })),
})

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1)
