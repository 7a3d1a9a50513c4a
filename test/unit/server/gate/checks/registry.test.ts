import { expect, it } from '@jest/globals'
import { makeGateChecks } from '../../../../../server/src/gate/checks/registry.ts'

const names = (...specs: Parameters<typeof makeGateChecks>[0]): string[] =>
  makeGateChecks(specs).map(({ name }) => name)
const floor = { name: 'floor', metric: 'accuracy', min: 0.5 } as const

it('runs integrity first, listed or not, and the others as listed', () => {
  expect(names(floor)).toEqual(['integrity', 'floor'])
  expect(names({ name: 'no-regression', against: 'anchor', margin: 0.02 }, floor, { name: 'integrity' })).toEqual([
    'integrity',
    'no-regression',
    'floor',
  ])
  expect(names()).toEqual(['integrity'])
})

it('are critical unless the check or the task says otherwise', () => {
  const critical = (...specs: Parameters<typeof makeGateChecks>[0]) =>
    makeGateChecks(specs).map((check) => check.critical)
  expect(critical(floor)).toEqual([true, true])
  expect(critical({ ...floor, critical: false })).toEqual([true, false])
})
