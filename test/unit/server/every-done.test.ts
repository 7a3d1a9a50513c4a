import { setImmediate } from 'node:timers/promises'
import { expect, it } from '@jest/globals'
import { everyDone } from '../../../server/src/every-done.ts'

it('rejects with the first in order, and not before the last has ended', async () => {
  const ended: string[] = []
  const work = async (name: string, turns: number, fails: boolean) => {
    for (let turn = 0; turn < turns; turn++) await setImmediate()
    ended.push(name)
    if (fails) throw new Error(name)
  }
  const works = [work('slow', 3, true), work('quick', 0, true), work('slowest', 5, false)]
  await expect(everyDone(works)).rejects.toThrow('slow')
  expect(ended).toEqual(['quick', 'slow', 'slowest'])
})

it('ends with the last of those that end well', async () => {
  await expect(everyDone([Promise.resolve(1), setImmediate(2)])).resolves.toBeUndefined()
})
