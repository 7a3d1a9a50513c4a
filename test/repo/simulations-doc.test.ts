import { describe, expect, it } from '@jest/globals'
import {
  attacks,
  executorErrors,
  experimentErrors,
  parseExperiment,
  parseText,
  type Experiment,
} from '@panal/simulations'
import { smallExperiment } from '../fixtures/small-experiment.ts'
import { readTracked, trackedFiles } from './tracked-files.ts'

const text = readTracked('docs/simulations.md')

describe('docs/simulations.md', () => {
  it('lists every code of an experiment’s end with its meaning, and no other', () => {
    const [, table = ''] = /## Errors\n([\s\S]*?)\n## /.exec(text) ?? []
    const listed = [...table.matchAll(/^\| `([a-z-]+)` +\| (.+?) +\|$/gm)].map(([, code, meaning]) => [code, meaning])
    expect(Object.fromEntries(listed)).toEqual({ ...experimentErrors, ...executorErrors })
  })

  it('lists every attack, and no other', () => {
    const [, section = ''] = /## Adversaries\n([\s\S]*?)\n## /.exec(text) ?? []
    const listed = [...section.matchAll(/^\| `([a-z-]+)` +\|/gm)].map(([, name]) => name)
    expect(listed).toEqual(Object.keys(attacks))
  })

  it('has adversaries that are some', () => {
    const [, yaml = ''] = /## Adversaries\n\n```yaml\n([\s\S]*?)```/.exec(text) ?? []
    const adversaries = parseText(yaml, 'docs') as Pick<Experiment, 'adversaries'>
    expect(parseExperiment({ ...smallExperiment(), ...adversaries }).adversaries).toEqual({
      fraction: 0.2,
      attack: { name: 'ipm', epsilon: 0.5 },
    })
  })

  it('shows an experiment that is one', () => {
    const [, yaml = ''] = /```yaml\n([\s\S]*?)```/.exec(text) ?? []
    expect(parseExperiment(parseText(yaml, 'docs')).name).toBe('mnist-2nn-iid')
  })
})

const examples = trackedFiles().filter((path) => /^simulations\/experiments\/.*\.yaml$/.test(path))

it.each(examples)('%s is an experiment of its own name', (path) => {
  expect(`simulations/experiments/${parseExperiment(parseText(readTracked(path), path)).name}.yaml`).toBe(path)
})
