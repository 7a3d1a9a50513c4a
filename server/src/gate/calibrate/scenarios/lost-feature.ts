import type { Scenario } from '../scenario.ts'

/** The champion, which no longer sees the column that it leans on most. Really run, and not changed afterwards. */
export const lostFeature: Scenario = {
  title: 'A feature is lost',
  settings: ({ champion, withoutFeature }) =>
    withoutFeature === null
      ? { because: 'the data have no columns' }
      : [
          {
            label: withoutFeature.column,
            expected: 'not-promoted',
            stage: () => ({
              pair: {
                candidate: { model: withoutFeature.model, changes: [] },
                champion: { model: champion, changes: [] },
              },
            }),
          },
        ],
}
