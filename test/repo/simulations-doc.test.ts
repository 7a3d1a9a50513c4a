import { describe, expect, it } from '@jest/globals'
import { executorErrors, experimentErrors, parseExperiment, parseText } from '@panal/simulations'
import { readTracked, trackedFiles } from './tracked-files.ts'

const text = readTracked('docs/simulations.md')

describe('docs/simulations.md', () => {
  it('lists every code of an experiment’s end with its meaning, and no other', () => {
    const [, table = ''] = /## Errors\n([\s\S]*?)\n## /.exec(text) ?? []
    const listed = [...table.matchAll(/^\| `([a-z-]+)` +\| (.+?) +\|$/gm)].map(([, code, meaning]) => [code, meaning])
    expect(Object.fromEntries(listed)).toEqual({ ...experimentErrors, ...executorErrors })
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
