import { describe, expect, it } from '@jest/globals'
import { gridPoints, parseAxis, planSweep, runFolderName } from '@panal/simulations'
import { systemClock } from '@panal/client-core'
import { smallExperiment } from '../../../fixtures/small-experiment.ts'

describe('a grid', () => {
  it('is fields and their values, in YAML', () => {
    expect(parseAxis('plan.learningRate=0.05, 0.1')).toEqual({ path: ['plan', 'learningRate'], values: [0.05, 0.1] })
    expect(parseAxis('partition={name: iid}, {name: dirichlet, alpha: 0.3}').values).toEqual([
      { name: 'iid' },
      { name: 'dirichlet', alpha: 0.3 },
    ])
  })

  it.each(['plan', '=1', 'plan.=1', 'plan.epochs=', 'plan={'])('says how to write it: %s', (text) => {
    expect(() => parseAxis(text)).toThrow('write field.field=value, value')
  })

  it('is every combination, set in a copy', () => {
    const experiment = { plan: { epochs: 1, batchSize: 10 } }
    const points = gridPoints(experiment, [parseAxis('plan.epochs=1,2'), parseAxis('loss=a,b')])
    expect(points.map(({ label }) => label)).toEqual([
      'plan.epochs=1 loss=a',
      'plan.epochs=1 loss=b',
      'plan.epochs=2 loss=a',
      'plan.epochs=2 loss=b',
    ])
    expect(points[3]!.value).toEqual({ plan: { epochs: 2, batchSize: 10 }, loss: 'b' })
    expect(experiment).toEqual({ plan: { epochs: 1, batchSize: 10 } })
  })

  it('leaves out a field that is null', () => {
    const points = gridPoints({ rounds: 3, plan: { epochs: 1, maxExamples: 5 } }, [
      parseAxis('plan.maxExamples=null, 9'),
      parseAxis('adversaries.attack.name=null'), // was not there
    ])
    expect(points.map(({ value }) => value)).toEqual([
      { rounds: 3, plan: { epochs: 1 } },
      { rounds: 3, plan: { epochs: 1, maxExamples: 9 } },
    ])
    expect(points[0]!.label).toBe('plan.maxExamples=null adversaries.attack.name=null')
  })

  it('says a list with + between its items', () => {
    const [point] = gridPoints({}, [parseAxis('strategy.preAggregators=[{name: clip}, {name: nnm, f: 2}]')])
    expect(point!.label).toBe('strategy.preAggregators=clip+nnm,f:2')
    expect(runFolderName(point!.label, 1)).toBe('strategy.preAggregators=clip+nnm,f:2_seed=1')
  })

  it('tells folders apart whose names would be too long', () => {
    const [a, b] = ['a', 'b'].map((last) => runFolderName(`strategy=${'x'.repeat(300)}${last}`, 12))
    expect(a).not.toBe(b)
    for (const name of [a!, b!]) expect(name).toMatch(/^strategy=x+-[0-9a-f]{16}_seed=12$/)
    expect(a!.length).toBe(200 + '_seed=12'.length)
  })

  it('gives each run a folder of its own', () => {
    const [clock, folder] = [systemClock({ setTimeout, clearTimeout }), 'out']
    const axes = [parseAxis('partition={name: iid}, {name: dirichlet, alpha: 0.3}'), parseAxis('plan.epochs=1,2')]
    const runs = planSweep({ experiment: smallExperiment({ seeds: [1, 2] }), axes, home: '.', folder, clock })
    expect(new Set(runs.map((run) => run.folder)).size).toBe(8)
    expect(runs.at(-1)!.folder).toBe('out/partition=dirichlet,alpha:0.3_plan.epochs=2_seed=2')
    expect(runFolderName('', 3)).toBe('seed=3')
  })

  it('is looked at as a whole before anything runs', () => {
    const options = { home: '.', folder: 'out', clock: systemClock({ setTimeout, clearTimeout }) }
    expect(() =>
      planSweep({ ...options, experiment: smallExperiment(), axes: [parseAxis('plan.epochs=1,0')] }),
    ).toThrow(expect.objectContaining({ message: expect.stringContaining('plan.epochs=0: ') }))
  })
})
