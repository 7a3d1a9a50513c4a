import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'

/** Plain JavaScript, without types of its own. */
const { isCurrent } = (await import(String(new URL('../../../../server/bin/is-current.js', import.meta.url)))) as {
  isCurrent(compiled: URL, sources: readonly URL[]): boolean
}

let folder: string
const path = (name: string) => join(folder, name)
const url = (name: string) => pathToFileURL(path(name))
/** At so many seconds. */
const at = (name: string, seconds: number) => utimes(path(name), seconds, seconds)
const current = () => isCurrent(url('dist/main.js'), [url('src/'), url('package.json')])

/** Sources of second 100, compiled in second 200. */
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panal-current-'))
  for (const each of ['src/deep', 'dist']) await mkdir(path(each), { recursive: true })
  const files = ['src/a.ts', 'src/deep/b.ts', 'package.json']
  for (const file of [...files, 'dist/main.js']) await writeFile(path(file), '')
  for (const each of [...files, 'src/deep', 'src']) await at(each, 100)
  await at('dist/main.js', 200)
})
afterEach(() => rm(folder, { recursive: true }))

describe('isCurrent', () => {
  it('holds while no source is newer than what was compiled', () => {
    expect(current()).toBe(true)
  })

  it.each(['src/a.ts', 'src/deep/b.ts', 'package.json'])('ends when %s changes', async (file) => {
    await at(file, 201)
    expect(current()).toBe(false)
  })

  it('ends when a source is gone: its folder has changed', async () => {
    await rm(path('src/deep/b.ts'))
    expect(current()).toBe(false)
  })

  it.each(['dist/main.js', 'package.json'])('is false without %s', async (file) => {
    await rm(path(file))
    expect(current()).toBe(false)
  })
})
