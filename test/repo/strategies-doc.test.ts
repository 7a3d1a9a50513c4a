import { describe, expect, it } from '@jest/globals'
import { personalisations } from '@panal/client-core'
import { aggregators, optimizers, parseTaskDocument, type TaskDocument } from '@panal/server'
import { digitsLike } from '../fixtures/task-document.ts'
import { readTracked } from './tracked-files.ts'

interface Example {
  readonly plan?: Partial<TaskDocument['plan']>
  readonly strategy?: Partial<TaskDocument['strategy']>
  readonly cohort?: Partial<TaskDocument['cohort']>
}

const page = readTracked('docs/strategies.md')
const examples = [...page.matchAll(/```json\n([^`]*)```/g)].map(([, text]) => JSON.parse(text!) as Example)

describe('docs/strategies.md', () => {
  it.each(examples.map((example) => [JSON.stringify(example), example] as const))('%s is a task', (_, example) => {
    const plain = digitsLike()
    const document = {
      ...plain,
      plan: { ...plain.plan, ...example.plan },
      strategy: { ...plain.strategy, ...example.strategy },
      cohort: { ...plain.cohort, ...example.cohort },
    }
    expect(parseTaskDocument(document)).toEqual({ ok: true, document })
  })

  it('has one with each personalisation', () => {
    const used = examples.flatMap(({ plan }) => plan?.personalisation?.name ?? [])
    expect(used.sort()).toEqual(Object.keys(personalisations).sort())
  })

  it('has one with each aggregator and server optimizer', () => {
    const used = examples.flatMap(({ strategy }) => [strategy?.aggregator?.name, strategy?.serverOptimizer?.name])
    // Those that look at updates beside each other have a page of their own.
    const robust = Object.keys(aggregators).filter((name) => readTracked('docs/aggregation.md').includes(`\`${name}\``))
    expect([...used, ...robust]).toEqual(
      expect.arrayContaining([...Object.keys(aggregators), ...Object.keys(optimizers)]),
    )
  })
})
