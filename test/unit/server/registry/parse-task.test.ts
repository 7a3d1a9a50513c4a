import fc from 'fast-check'
import { describe, expect, it } from '@jest/globals'
import Value from 'typebox/value'
import { TaskDocument } from '@panal/server'
import { documentErrors } from '../../../../server/src/registry/document-errors.ts'
import { parseTaskDocument } from '../../../../server/src/registry/parse-task.ts'
import { digitsLike } from '../../../fixtures/task-document.ts'

const numeric = { name: 'age', kind: 'numeric' as const, mean: 40, std: 10, missing: 'mean' as const }
const table: TaskDocument = digitsLike({
  loss: 'binary-crossentropy',
  data: { kind: 'table', columns: [numeric], label: { column: 'paid' }, classes: ['no', 'yes'] },
  segments: ['age'],
})

/** A copy with the value at a JSON pointer replaced, or removed where `value` is undefined. */
function changed(document: unknown, pointer: string, value: unknown): unknown {
  const copy = structuredClone(document) as Record<string, unknown>
  const keys = pointer.slice(1).split('/')
  const last = keys.pop()!
  let at: Record<string, unknown> = copy
  for (const key of keys) at = at[key] as Record<string, unknown>
  if (value === undefined) Reflect.deleteProperty(at, last)
  else at[last] = value
  return copy
}

const errorsOf = (value: unknown) => {
  const parsed = parseTaskDocument(value)
  return parsed.ok ? [] : parsed.errors
}
const pathsOf = (value: unknown) => errorsOf(value).map(({ path }) => path)

describe('parseTaskDocument', () => {
  it('takes a right document as it is', () => {
    for (const document of [digitsLike(), table]) expect(parseTaskDocument(document)).toEqual({ ok: true, document })
  })

  it.each<[string, unknown, string]>([
    // path of the change, new value (undefined removes), message
    ['/id', '../etc', 'must match pattern "^[a-z][a-z0-9-]{0,39}$": lower-case letters, digits and dashes; at most 40'],
    ['/title', undefined, 'is missing'],
    ['/tittle', 'x', 'is not known here'],
    ['/seed', '1', 'must be integer'],
    ['/seed', null, 'must be integer'],
    ['/seed', 2 ** 32, 'must be <= 4294967295'],
    [
      '/loss',
      'mse',
      'must be "categorical-crossentropy" or "binary-crossentropy" or "mean-squared-error" or "mean-absolute-error" or "huber"',
    ],
    ['/metrics', ['accuracy', 'accuracy'], 'must not have duplicate items'],
    ['/metrics/0', 'f1', 'must be "accuracy"'],
    ['/model', {}, 'must have "builtin" or "topology"'],
    ['/model', 'mlp', 'must be an object'],
    ['/model/builtin', 'cnn', 'must be "mlp"'],
    ['/model/hidden', [0], 'must be >= 1'],
    ['/data/kind', 'sound', 'must be "image" or "table"'],
    ['/data/kind', undefined, 'is missing'],
    ['/data/width', 0, 'must be >= 1'],
    ['/data/columns', [], 'is not known here'],
    ['/segments', [5], 'must be an object or a string'],
    ['/segments', [''], 'must not have fewer than 1 characters'],
    ['/segments', [{ columns: [] }], 'must not have fewer than 1 items'],
    ['/plan/codec', 'zip', 'must be "f32" or "f16"'],
    ['/plan/learningRate', 0, 'must be > 0'],
    ['/plan/optimizer/name', 'lion', 'must be "sgd" or "adam"'],
    ['/plan/optimizer/momentum', 1, 'must be < 1'],
    ['/strategy/checks', {}, 'must be an array'],
    ['/strategy/checks/0/name', 'median', 'must be "finite" or "max-norm" or "weight-range"'],
    ['/strategy/checks/0/maxNorm', undefined, 'is missing'],
    ['/strategy/checks/1/maxNorm', 3, 'is not known here'],
    ['/cohort/size', 1.5, 'must be integer'],
    ['/gate/checks', [], 'must not have fewer than 1 items'],
    ['/gate/checks/1/min', 1.01, 'must be <= 1'],
    ['/sets/gate', 'abc', 'must match pattern "^[0-9a-f]{64}$"'],
    ['/samples', [{ label: 'x', numExamples: 1 }], 'is missing'],
  ])('%s = %j: %s', (path, value, message) => {
    const errors = errorsOf(changed(digitsLike(), path, value))
    // Some mistakes lie in a part of what was changed.
    expect(errors).toEqual([{ path: expect.stringContaining(path) as unknown as string, message }])
  })

  it('holds only the branch that was meant against a value: its own mistakes, no other branch’s', () => {
    const document = changed(table, '/data/columns/0', { name: 'age', kind: 'numeric', mean: 'x', missing: 'zeros' })
    expect(errorsOf(document)).toEqual([
      { path: '/data/columns/0/std', message: 'is missing' },
      { path: '/data/columns/0/mean', message: 'must be number' },
      { path: '/data/columns/0/missing', message: 'must be "mean" or "indicator"' },
    ])
  })

  it('reports every mistake at once', () => {
    let document: unknown = digitsLike()
    for (const path of ['/id', '/plan/epochs', '/strategy/checks/0/maxNorm', '/gate/checks/1/min'])
      document = changed(document, path, 'X')
    expect(pathsOf(document)).toEqual(['/id', '/plan/epochs', '/strategy/checks/0/maxNorm', '/gate/checks/1/min'])
  })

  it('escapes keys in paths, and cuts what somebody made long', () => {
    expect(pathsOf({ ...digitsLike(), 'a/b~c': 1 })).toEqual(['/a~1b~0c'])
    expect(pathsOf({ ...digitsLike(), ['x'.repeat(500)]: 1 })).toEqual([`/${'x'.repeat(80)}`])
  })

  it.each(['{"__proto__":{"id":"x"}}', 'null', '[]', '"text"', '3'])('refuses %s', (json) => {
    expect(parseTaskDocument(JSON.parse(json))).toMatchObject({ ok: false })
  })

  it('does not take inherited fields for its own', () => {
    const document = JSON.parse(JSON.stringify(digitsLike()).replace('{', '{"__proto__":{"evil":1},')) as unknown
    expect(pathsOf(document)).toEqual(['/__proto__'])
    const { seed: _seed, ...rest } = digitsLike()
    expect(pathsOf(Object.assign(Object.create({ seed: 1 }), rest))).toEqual(['/seed'])
  })

  it('refuses deep nesting without going down into it', () => {
    let deep: unknown = 1
    for (let i = 0; i < 100_000; i++) deep = [deep]
    expect(errorsOf(digitsLike({ model: { topology: deep } }))).toEqual([
      { path: '', message: 'is nested more than 64 deep' },
    ])
  })

  it('reports at most 100 mistakes', () => {
    const columns = Array.from({ length: 300 }, () => 1)
    expect(errorsOf(changed(table, '/data/columns', columns))).toHaveLength(100)
  })
})

describe('cross-field rules', () => {
  it.each<[string, Partial<TaskDocument>, string[]]>([
    [
      'more updates wanted than devices are asked',
      { cohort: { size: 3, overSelection: 1.3, reportingGoal: 5, minimum: 1, deadlineMs: 1000 } },
      ['/cohort/reportingGoal'],
    ],
    [
      'a minimum over the goal',
      { cohort: { size: 3, overSelection: 1, reportingGoal: 2, minimum: 3, deadlineMs: 1000 } },
      ['/cohort/minimum'],
    ],
    [
      'stale updates with a correction that all devices of a round share',
      {
        plan: { ...digitsLike().plan, correction: { name: 'feddyn', alpha: 0.1 } },
        strategy: {
          ...digitsLike().strategy,
          weight: 'uniform',
          serverOptimizer: { name: 'feddyn', alpha: 0.1, devices: 3 },
        },
        cohort: { ...digitsLike().cohort, maxStaleness: 1 },
      },
      ['/cohort/maxStaleness'],
    ],
    [
      'fewer updates than a rule needs',
      rules({ aggregator: { name: 'krum', f: 1 } }), // 5, and the minimum is 2
      ['/cohort/minimum'],
    ],
    [
      'fewer updates than what comes before a rule needs',
      rules({ preAggregators: [{ name: 'nnm', f: 1 }], aggregator: { name: 'median' } }),
      ['/cohort/minimum'],
    ],
    [
      'something before a rule that takes updates as they come',
      rules({ preAggregators: [{ name: 'clip' }], aggregator: { name: 'fair-mean', q: 1, lipschitz: 1 } }),
      ['/strategy/aggregator/name'],
    ],
    [
      'the same twice before a rule',
      {
        ...rules({ preAggregators: [{ name: 'clip' }, { name: 'clip', maxNorm: 1 }], aggregator: { name: 'median' } }),
      },
      ['/strategy/preAggregators/1/name'],
    ],
    ['a lease shorter than two heartbeats', { lease: { heartbeatMs: 1000, leaseMs: 1999 } }, ['/lease/leaseMs']],
    ['a binary loss over three classes', { loss: 'binary-crossentropy' }, ['/loss']],
    ['segments of images', { segments: ['age'] }, ['/segments']],
    ['clients of images', { clientColumn: 'bank' }, ['/clientColumn']],
    ['clients that are a feature and a segment', { ...table, clientColumn: 'age' }, ['/clientColumn', '/clientColumn']],
    ['clients that are the label', { ...table, clientColumn: 'paid' }, ['/clientColumn']],
    [
      'two columns of one name, and the label among them',
      {
        ...table,
        data: { ...table.data, columns: [numeric, numeric], label: { column: 'age' } } as TaskDocument['data'],
      },
      ['/data/columns/1/name', '/data/label/column'],
    ],
    [
      'a range that is none',
      checks({ name: 'weight-range', minExamples: 10, maxExamples: 9 }),
      ['/strategy/checks/0/minExamples'],
    ],
    [
      'a cap below the clip norm',
      { ...checks({ name: 'max-norm', maxNorm: 1 }), plan: { ...digitsLike().plan, clipNorm: 2 } },
      ['/strategy/checks/0/maxNorm'],
    ],
    [
      'a range that no device can reach',
      {
        ...checks({ name: 'weight-range', minExamples: 10, maxExamples: 20 }),
        plan: { ...digitsLike().plan, maxExamples: 9 },
      },
      ['/strategy/checks/0/minExamples'],
    ],
    [
      'devices asked only to be refused',
      { ...checks({ name: 'weight-range', minExamples: 1, maxExamples: 20 }), eligibility: { minExamples: 21 } },
      ['/strategy/checks/0/maxExamples'],
    ],
    ['a check twice', checks({ name: 'finite' }, { name: 'finite' }), ['/strategy/checks/1/name']],
    ['a rule that trains on a root set without one', rules({ aggregator: { name: 'fltrust' } }), ['/sets/root']],
    [
      'a root set that judges, too',
      { ...rules({ aggregator: { name: 'fltrust' } }), sets: { ...digitsLike().sets, root: '3'.repeat(64) } },
      ['/sets/root'],
    ],
    ['a root set that no rule trains on', { sets: { ...digitsLike().sets, root: '4'.repeat(64) } }, ['/sets/root']],
    [
      'stale updates where all are brought to one length',
      {
        ...rules({ aggregator: { name: 'fltrust' } }),
        sets: { ...digitsLike().sets, root: '4'.repeat(64) },
        cohort: { ...digitsLike().cohort, maxStaleness: 1 },
      },
      ['/cohort/maxStaleness'],
    ],
    [
      'a window of norms beside a fixed one',
      rules({ preAggregators: [{ name: 'clip', maxNorm: 1, window: 2 }], aggregator: { name: 'median' } }),
      ['/strategy/preAggregators/0/window'],
    ],
    [
      'a window of norms of what is no update any more',
      rules({
        preAggregators: [
          { name: 'bucketing', s: 1, seed: 1 },
          { name: 'clip', window: 2 },
        ],
        aggregator: { name: 'median' },
      }),
      ['/strategy/preAggregators/1/window'],
    ],
    ['one set for two purposes', { sets: { ...digitsLike().sets, gate: '1'.repeat(64) } }, ['/sets/gate']],
    [
      'a private set among the public samples',
      { samples: [{ label: 'a', sha256: '3'.repeat(64), numExamples: 1 }] },
      ['/samples/0/sha256'],
    ],
    ['a gate that asks for nothing but soundness', { gate: { checks: [{ name: 'integrity' }] } }, ['/gate/checks']],
    [
      'a gate check twice',
      {
        gate: {
          checks: [
            { name: 'no-regression', against: 'champion', margin: 0.1 },
            { name: 'no-regression', against: 'anchor', margin: 0.1 },
            { name: 'no-regression', against: 'champion', margin: 0.2 },
          ],
        },
      },
      ['/gate/checks/2/name'],
    ],
  ])('refuse %s', (_, changes, paths) => {
    expect(pathsOf(digitsLike(changes))).toEqual(paths)
  })

  it('take the bounds themselves', () => {
    // ⌈3 × 1.3⌉ = 4
    const cohort = { size: 3, overSelection: 1.3, reportingGoal: 4, minimum: 4, deadlineMs: 1000 }
    const lease = { heartbeatMs: 1000, leaseMs: 2000 }
    const plan = { ...digitsLike().plan, clipNorm: 2, maxExamples: 5 }
    expect(
      pathsOf(digitsLike({ cohort: { ...cohort, minimum: 3 }, ...rules({ aggregator: { name: 'krum', f: 0 } }) })),
    ).toEqual([])
    const window = { ...rules({ preAggregators: [{ name: 'clip', window: 100 }], aggregator: { name: 'median' } }) }
    expect(pathsOf(digitsLike(window))).toEqual([])
    // the round alone, as where nothing is said
    const [mixed, alone] = [{ name: 'nnm', f: 0 } as const, { name: 'clip', window: 1 } as const]
    expect(pathsOf(digitsLike(rules({ preAggregators: [mixed, alone], aggregator: { name: 'median' } })))).toEqual([])
    const strategy = checks({ name: 'max-norm', maxNorm: 2 }, { name: 'weight-range', minExamples: 5, maxExamples: 5 })
    expect(pathsOf(digitsLike({ cohort, lease, plan, ...strategy, eligibility: { minExamples: 5 } }))).toEqual([])
  })
})

function rules(
  changes: Pick<TaskDocument['strategy'], 'preAggregators' | 'aggregator'>,
): Pick<TaskDocument, 'strategy'> {
  return { strategy: { ...digitsLike().strategy, ...changes } }
}

function checks(...list: TaskDocument['strategy']['checks']): Pick<TaskDocument, 'strategy'> {
  return { strategy: { ...digitsLike().strategy, checks: list } }
}

it('documentErrors finds something exactly where the schema does not hold', () => {
  const paths = leaves(digitsLike()).concat(leaves(table))
  const junk = fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.constant(undefined))
  fc.assert(
    fc.property(fc.constantFrom(digitsLike(), table), fc.constantFrom(...paths), junk, (document, path, value) => {
      const broken = tryChange(document, path, value)
      expect(documentErrors(TaskDocument, broken).length === 0).toBe(Value.Check(TaskDocument, broken))
    }),
    { numRuns: 300, seed: 7 },
  )
})

/** JSON pointers of every value in a document, branches included. */
function leaves(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return [path]
  const inside = Object.entries(value).flatMap(([key, each]) => leaves(each, `${path}/${key}`))
  return path === '' ? inside : [path, ...inside]
}

/** A path of the other document may lead nowhere here: then there is nothing to change. */
function tryChange(document: unknown, path: string, value: unknown): unknown {
  try {
    return changed(document, path, value)
  } catch {
    return document
  }
}
