import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { digitsLike } from '../fixtures/task-document.ts'
import { root } from './tracked-files.ts'

/** A new policy of each kind: its one file, and the registry that gets one line. */
const additions = {
  'half-norm': {
    file: 'client-core/src/codec/half-norm.ts',
    registry: 'client-core/src/codec/registry.ts',
    source: `
      import { f32 } from './f32.ts'
      export const added = { ...f32, name: 'half-norm' }`,
  },
  echo: {
    file: 'client-core/src/train/personalisation/echo.ts',
    registry: 'client-core/src/train/personalisation/registry.ts',
    source: `
      import { Type } from 'typebox'
      import { personalisation } from './personalisation.ts'
      export const added = personalisation({
        options: { times: Type.Integer({ minimum: 1 }) },
        make: ({ times }) => ({
          name: 'echo ' + times,
          continues: false,
          work: ({ shared, plan }) => ({ start: shared, plan, options: {} }),
        }),
      })`,
  },
  newest: {
    file: 'server/src/sample/newest.ts',
    registry: 'server/src/sample/registry.ts',
    source: `
      import { Type } from 'typebox'
      import { policy } from '../policy.ts'
      export const added = policy({
        options: { share: Type.Number({ maximum: 1 }) },
        make: () => ({ name: 'newest', sample: (available) => available.map(({ deviceId }) => deviceId) }),
      })`,
  },
  'max-share': {
    file: 'server/src/check/max-share.ts',
    registry: 'server/src/check/registry.ts',
    source: `
      import { ok } from '@panal/client-core'
      import { Type } from 'typebox'
      import { policy } from '../policy.ts'
      import { when } from '../registry/document-errors.ts'
      export const added = policy({
        options: { share: Type.Number({ maximum: 1 }) },
        make: ({ share }) => ({ name: 'max-share ' + share, check: () => ok }),
        misfits: ({ share }, { cohort }) => when(share * cohort.size < 1, '/share', 'is less than one device'),
      })`,
  },
  midrange: {
    file: 'server/src/aggregate/midrange.ts',
    registry: 'server/src/aggregate/registry.ts',
    source: `
      import { Type } from 'typebox'
      import { policy } from '../policy.ts'
      export const added = policy({
        options: { trim: Type.Integer({ minimum: 0 }) },
        make: ({ trim }) => {
          const apply = async () => new Float32Array(0)
          const rule = { name: 'midrange', minUpdates: trim }
          return { ...rule, aggregate: apply, batch: { ...rule, apply } }
        },
      })`,
  },
  thin: {
    file: 'server/src/aggregate/before/thin.ts',
    registry: 'server/src/aggregate/before/registry.ts',
    source: `
      import { Type } from 'typebox'
      import { policy } from '../../policy.ts'
      export const added = policy({
        options: { by: Type.Integer({ minimum: 1 }) },
        make: ({ by }) => ({ name: 'thin', minUpdates: (next) => next * by, apply: async (batch) => batch }),
      })`,
  },
  'never-old': {
    file: 'server/src/staleness/never-old.ts',
    registry: 'server/src/staleness/registry.ts',
    source: `
      import { Type } from 'typebox'
      import { policy } from '../policy.ts'
      export const added = policy({
        options: { until: Type.Integer({ minimum: 0 }) },
        make: ({ until }) => ({ name: 'never-old', of: (staleness) => (staleness <= until ? 1 : 0) }),
      })`,
  },
  adadelta: {
    file: 'server/src/optimizer/adadelta.ts',
    registry: 'server/src/optimizer/registry.ts',
    source: `
      import { Type } from 'typebox'
      import { policy } from '../policy.ts'
      export const added = policy({
        options: { tau: Type.Number({ exclusiveMinimum: 0 }) },
        make: () => ({ name: 'adadelta', init: () => new Float32Array(0), apply: (params, _, state) => ({ params, state }) }),
      })`,
  },
  'never-worse': {
    file: 'server/src/gate/checks/never-worse.ts',
    registry: 'server/src/gate/checks/registry.ts',
    source: `
      import { Type } from 'typebox'
      import { policy } from '../../policy.ts'
      export const added = policy({
        options: { rounds: Type.Integer({ minimum: 1 }) },
        make: () => ({ name: 'never-worse', integrity: false, judge: async () => ({ check: 'never-worse', verdict: 'PASS' }) }),
      })`,
  },
  replay: {
    file: 'simulations/src/adversary/replay.ts',
    registry: 'simulations/src/adversary/registry.ts',
    source: `
      import { Type } from 'typebox'
      import { attackPolicy } from './attack.ts'
      export const added = attackPolicy({
        options: { rounds: Type.Integer({ minimum: 1 }) },
        make: ({ rounds }) => ({ name: 'replay ' + rounds, forge: ({ own }) => own }),
      })`,
  },
} as const

/** Reads documents from the standard input; says of each what is wrong with it, or what it makes. */
const probe = `
  import { register } from 'tsx/esm/api'
  import { text } from 'node:stream/consumers'
  register()
  const { parseTaskDocument } = await import('./src/registry/parse-task.ts')
  const { makeStrategy } = await import('./src/strategy/registry.ts')
  const { makeGateChecks } = await import('./src/gate/checks/registry.ts')
  const { codecs, makePersonalisation } = await import('@panal/client-core')
  const made = ({ strategy, plan, gate }) => {
    const { sampler, checks, aggregator, optimizer, stalenessWeight } = makeStrategy({ strategy, plan })
    const server = [sampler, ...checks, stalenessWeight, aggregator, optimizer, ...makeGateChecks(gate.checks)]
    const parts = [codecs[plan.codec], ...server]
    if (plan.personalisation !== undefined) parts.push(makePersonalisation(plan.personalisation))
    return parts.map(({ name }) => name)
  }
  const answers = JSON.parse(await text(process.stdin)).map((document) => {
    const parsed = parseTaskDocument(document)
    return parsed.ok ? made(parsed.document) : parsed.errors.map(({ path, message }) => path + ' ' + message)
  })
  console.log(JSON.stringify(answers))`

/** The same of what experiments say of adversaries. */
const attackProbe = `
  import { register } from 'tsx/esm/api'
  import { text } from 'node:stream/consumers'
  register()
  const { documentErrors, makePolicy } = await import('@panal/server')
  const { AdversariesSpec } = await import('./src/adversary/adversaries.ts')
  const { attacks } = await import('./src/adversary/registry.ts')
  const answers = JSON.parse(await text(process.stdin)).map((document) => {
    const errors = documentErrors(AdversariesSpec, document)
    if (errors.length > 0) return errors.map(({ path, message }) => path + ' ' + message)
    return [makePolicy(attacks, document.attack).name]
  })
  console.log(JSON.stringify(answers))`

let copy: string
beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'panal-copy-'))
  const modules = join(copy, 'node_modules')
  await mkdir(modules)
  for (const name of await readdir(join(root, 'node_modules')))
    if (name !== '@panal') await symlink(join(root, 'node_modules', name), join(modules, name))
  await mkdir(join(modules, '@panal'))
  for (const part of ['client-core', 'server', 'simulations']) {
    for (const each of ['src', 'package.json'])
      await cp(join(root, part, each), join(copy, part, each), { recursive: true })
    await symlink(join(root, part, 'node_modules'), join(copy, part, 'node_modules'))
    await symlink(join(copy, part), join(modules, '@panal', part))
  }
  for (const [name, { file, registry, source }] of Object.entries(additions)) {
    await writeFile(join(copy, file), source)
    const text = await readFile(join(copy, registry), 'utf8')
    const line = `, '${name}': added } as const satisfies`
    const path = `./${file.slice(dirname(registry).length + 1)}`
    const withLine = text.replace(/,?\s*\} as const satisfies/, line)
    expect(withLine).toContain(line)
    await writeFile(join(copy, registry), `import { added } from '${path}'\n${withLine}`)
  }
  await writeFile(join(copy, 'server/probe.mjs'), probe)
  await writeFile(join(copy, 'simulations/probe.mjs'), attackProbe)
}, 60_000)
afterAll(() => rm(copy, { recursive: true }))

/** What a part of the copy says of each document. */
async function ask(part: 'server' | 'simulations', ...documents: unknown[]): Promise<string[][]> {
  const running = promisify(execFile)(process.execPath, [join(copy, part, 'probe.mjs')], { cwd: join(copy, part) })
  running.child.stdin?.end(JSON.stringify(documents))
  return JSON.parse((await running).stdout) as string[][]
}

it('a sampler, check, staleness weight, aggregator or step before it, server optimizer, gate check, personalisation or codec is one file and one registry line', async () => {
  const plain = digitsLike()
  const added = {
    ...plain,
    plan: { ...plain.plan, codec: 'half-norm', personalisation: { name: 'echo', times: 2, holdout: 0.5 } },
    strategy: {
      ...plain.strategy,
      sampler: { name: 'newest', share: 0.5 },
      checks: [{ name: 'max-share', share: 0.5 }],
      stalenessWeight: { name: 'never-old', until: 2 },
      preAggregators: [{ name: 'thin', by: 2 }],
      aggregator: { name: 'midrange', trim: 1 },
      serverOptimizer: { name: 'adadelta', tau: 0.1 },
    },
    gate: { checks: [{ name: 'never-worse', rounds: 3 }] },
  }
  const wrong = {
    ...plain,
    plan: { ...plain.plan, codec: 'zip', personalisation: { name: 'echo', times: 0, holdout: 1 } },
    strategy: {
      ...plain.strategy,
      sampler: { name: 'newest', share: 2 },
      checks: [{ name: 'max-share', share: 'half' }, { name: 'max-sum' }],
      stalenessWeight: { name: 'never-old', until: -1 },
      preAggregators: [{ name: 'thin', by: 0 }],
      aggregator: { name: 'midrange' },
      serverOptimizer: { name: 'adadelta', tau: 0.1, beta: 1 },
    },
    gate: { checks: [{ name: 'never-worse', rounds: 0 }] },
  }
  const misfit = { ...added, strategy: { ...added.strategy, checks: [{ name: 'max-share', share: 0.1 }] } }
  const starved = { ...added, strategy: { ...added.strategy, aggregator: { name: 'midrange', trim: 3 } } }
  const twice = { ...added, gate: { checks: [...added.gate.checks, ...added.gate.checks] } }
  expect(await ask('server', plain, added, wrong, misfit, starved, twice)).toEqual([
    ['f32', 'uniform', 'finite', 'max-norm', 'weight-range', 'polynomial', 'mean', 'sgd', 'integrity', 'floor'],
    [
      'half-norm',
      'newest',
      'finite',
      'max-share 0.5',
      'never-old',
      'thin, midrange',
      'adadelta',
      'integrity',
      'never-worse',
      'echo 2',
    ],
    [
      '/plan/codec must be "f32" or "f16" or "half-norm"',
      '/plan/personalisation/times must be >= 1',
      '/plan/personalisation/holdout must be <= 0.9',
      '/strategy/sampler/share must be <= 1',
      '/strategy/checks/0/share must be number',
      '/strategy/checks/1/name must be "finite" or "max-norm" or "weight-range" or "max-share"',
      '/strategy/aggregator/trim is missing',
      '/strategy/serverOptimizer/beta is not known here',
      '/strategy/stalenessWeight/until must be >= 0',
      '/strategy/preAggregators/0/by must be >= 1',
      '/gate/checks/0/rounds must be >= 1',
    ],
    ['/strategy/checks/0/share is less than one device'], // 0.1 of a cohort of 3
    [
      '/cohort/minimum must be at least 6, the updates that thin, midrange takes, and is 2: raise it with cohort.size and cohort.reportingGoal, 3',
    ],
    ['/gate/checks/1/name repeats an earlier one'],
  ])
}, 60_000)

it('an attack is one file and one registry line', async () => {
  const adversaries = (attack: unknown) => ({ count: 3, attack })
  expect(
    await ask(
      'simulations',
      adversaries({ name: 'replay', rounds: 2 }),
      adversaries({ name: 'replay', rounds: 0 }),
      adversaries({ name: 'sign-flip' }),
    ),
  ).toEqual([['replay 2'], ['/attack/rounds must be >= 1'], ['sign-flip']])
}, 60_000)
