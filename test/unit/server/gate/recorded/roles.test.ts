import { describe, expect, it } from '@jest/globals'
import { assignRoles, type ColumnNames } from '../../../../../server/src/gate/recorded/roles.ts'

const header = ['id', 'y', 'old', 'new', 'job', 'age', 'p_a', 'p_b', 'p_new_b', 'p_new_a', 'n_10', 'n_9', 'n_2']
const names: ColumnNames = { label: 'y', candidate: 'new', champion: 'old' }
const assign = (change: Partial<ColumnNames> = {}) => assignRoles({ ...names, ...change }, header)
const refusal = (change: Partial<ColumnNames>): unknown => {
  try {
    return assign(change)
  } catch (error) {
    return error
  }
}

describe('roles of columns', () => {
  it('one column a model; all others are features, by name', () => {
    const { models, features } = assign({ id: 'id', ignore: ['n_10', 'n_9', 'n_2'] })
    expect(models).toEqual({
      candidate: { spec: 'new', columns: ['new'] },
      champion: { spec: 'old', columns: ['old'] },
    })
    expect(features).toEqual(['age', 'job', 'p_a', 'p_b', 'p_new_a', 'p_new_b'])
  })
  it('one column a class: the order of the columns is no matter, and the longer prefix has its own', () => {
    const { models } = assign({ candidate: 'prefix:p_new_', champion: 'prefix:p_' })
    expect(models.candidate).toEqual({ spec: 'prefix:p_new_', columns: ['p_new_a', 'p_new_b'], classes: ['a', 'b'] })
    expect(models.champion).toMatchObject({ columns: ['p_a', 'p_b'] })
  })
  it('of two classes the positive one is last', () => {
    const { models } = assign({ candidate: 'prefix:p_new_', champion: 'prefix:p_', positive: 'a' })
    expect(models.candidate).toMatchObject({ columns: ['p_new_b', 'p_new_a'], classes: ['b', 'a'] })
  })
  it('classes that are numbers are in the order of numbers', () => {
    const { models } = assign({ candidate: 'prefix:n_', champion: 'prefix:n_' })
    expect(models.candidate?.classes).toEqual(['2', '9', '10'])
  })
  it('a column that is something else is no class', () => {
    const { models } = assign({ candidate: 'prefix:n_', champion: 'prefix:n_', id: 'n_10' })
    expect(models.candidate?.classes).toEqual(['2', '9'])
  })
  it.each([
    ['a column that is not there', { label: 'truth' }, 'unknown-column', /no column truth/, header],
    ['a model that is not there', { candidate: 'newer' }, 'unknown-column', /no column newer/, header],
    ['a prefix of one column', { candidate: 'prefix:p_new_b' }, 'unknown-column', /0 columns begin with/, header],
    ['an ignored column that is not there', { ignore: ['x'] }, 'unknown-column', /no column x/, header],
    ['a model whose column is the label', { candidate: 'y' }, 'bad-argument', /--candidate y/, []],
    [
      'models for other classes',
      { candidate: 'prefix:n_', champion: 'prefix:p_new_' },
      'classes-differ',
      /same classes/,
      ['--candidate prefix:n_: classes 2, 9, 10', '--champion prefix:p_new_: classes a, b'],
    ],
    [
      'one column and several',
      { candidate: 'prefix:p_new_' },
      'classes-differ',
      /same classes/,
      ['--candidate prefix:p_new_: classes a, b', '--champion old: one column'],
    ],
    [
      'a positive class that is none',
      { candidate: 'prefix:p_new_', champion: 'prefix:p_', positive: 'c' },
      'unknown-label',
      /--positive c/,
      ['a', 'b'],
    ],
    [
      'a positive class of three',
      { candidate: 'prefix:n_', champion: 'prefix:n_', positive: '9' },
      'bad-argument',
      /two classes, and there are 3/,
      [],
    ],
  ] as const)('refuses %s, and says what there is', (_, change, code, message, lines) => {
    expect(refusal(change)).toMatchObject({ code, message: expect.stringMatching(message), lines })
  })
})
