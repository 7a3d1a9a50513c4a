import { expect, it } from '@jest/globals'
import { keepLast } from '../../../../server/src/gate/keep-last.ts'

/** Asks for keys one after the other; says which had to be made. */
function asking(max: number) {
  const made: string[] = []
  const kept = keepLast<string>(max)
  const ask = (key: string): string =>
    kept.get(key, () => {
      made.push(key)
      return key.toUpperCase()
    })
  return { ask, made, kept }
}

it('makes each value once while it is kept', () => {
  const { ask, made } = asking(2)
  expect(['a', 'b', 'a', 'b'].map(ask)).toEqual(['A', 'B', 'A', 'B'])
  expect(made).toEqual(['a', 'b'])
})

it.each([1, 2, 5])('keeps the last %i asked for, and no more', (max) => {
  const { ask, made } = asking(max)
  const keys = ['a', 'b', 'c', 'd', 'e', 'f'].slice(0, max + 1)
  keys.slice(0, max).forEach(ask)
  keys.slice(0, max).forEach(ask)
  expect(made).toEqual(keys.slice(0, max))
  ask(keys[max]!) // pushes out the first
  keys.slice(1).forEach(ask)
  expect(made).toEqual(keys)
  ask('a')
  expect(made).toEqual([...keys, 'a'])
})

it('lets the oldest go before it makes another', () => {
  const kept = keepLast<number>(1)
  kept.get('a', () => 1)
  kept.get('b', () => kept.get('a', () => 3))
  expect(kept.get('b', () => 9)).toBe(3)
})

it('drops what is named', () => {
  const { ask, made, kept } = asking(3)
  ;['ax', 'ay', 'b'].forEach(ask)
  kept.drop((key) => key.startsWith('a'))
  ;['b', 'ax'].forEach(ask)
  expect(made).toEqual(['ax', 'ay', 'b', 'ax'])
})

it('keeps nothing of what could not be made', () => {
  const kept = keepLast<number>(1)
  expect(() =>
    kept.get('a', () => {
      throw new Error('broken')
    }),
  ).toThrow('broken')
  expect(kept.get('a', () => 2)).toBe(2)
})
