import type { Scenario } from '../scenario.ts'

/**
 * The champion after one more round of ten clients, which really train; of one of them so many labels are wrong. How much
 * harm that does is the task's, and is told: a mean over ten clients hides much of it.
 */
export const flippedLabels: Scenario = {
  title: 'One client of ten has wrong labels',
  scale: 'share of its labels',
  settings: ({ champion, flippedLabels }) =>
    flippedLabels === null
      ? { because: 'the task’s data were not at hand to train on' }
      : flippedLabels.map(({ label, share, model }) => ({
          label,
          size: share,
          expected: 'told',
          stage: () => ({ pair: { candidate: { model, changes: [] }, champion: { model: champion, changes: [] } } }),
        })),
}
