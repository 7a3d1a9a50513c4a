import type { Scenario } from '../scenario.ts'

/** An earlier version against the champion, as they are. */
export const stale: Scenario = {
  title: 'An earlier version',
  settings: ({ champion, earlier }) =>
    earlier.length === 0
      ? { because: 'the registry has no sound version before the champion' }
      : earlier.map((model) => ({
          label: `version ${model.version}`,
          expected: 'told',
          stage: () => ({ pair: { candidate: { model, changes: [] }, champion: { model: champion, changes: [] } } }),
        })),
}
