import { describe, expect, it } from '@jest/globals'
import { GroupCommit } from '@panal/server'

describe('GroupCommit', () => {
  it('writes what came during a write as one batch, and answers each with its own result', async () => {
    const batches: number[][] = []
    let release: () => void = () => undefined
    const commits = new GroupCommit(async (items: readonly number[]) => {
      batches.push([...items])
      if (batches.length === 1) await new Promise<void>((resolve) => (release = resolve))
      return items.map((item) => item * 10)
    })
    const results = [1, 2, 3].map((item) => commits.submit(item))
    release()
    expect(await Promise.all(results)).toEqual([10, 20, 30])
    expect(batches).toEqual([[1], [2, 3]])
  })

  it('a failed write fails its own batch only', async () => {
    let failing = true
    const commits = new GroupCommit((items: readonly number[]) =>
      failing ? Promise.reject(new Error('disk full')) : Promise.resolve(items),
    )
    await expect(commits.submit(1)).rejects.toThrow('disk full')
    failing = false
    expect(await commits.submit(2)).toBe(2)
  })
})
