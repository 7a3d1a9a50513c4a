import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'

const atRoot = (path: string) => String(new URL(`../../${path}`, import.meta.url))

/** Plain JavaScript, without types of its own. */
const { ensurePage } = (await import(atRoot('test/ensure-page.mjs'))) as {
  ensurePage(root: URL, build: () => void): void
}
const { default: jestConfig } = (await import(atRoot('jest.config.js'))) as {
  default: { projects: { displayName: string; globalSetup?: string }[] }
}

const folders = ['client-web/src/pages', 'client-web/src', 'client-web/public', 'client-core/src']
const files = [
  'client-web/src/pages/a.tsx',
  'client-web/public/a.js',
  'client-web/index.html',
  'client-web/package.json',
  'client-core/src/index.ts',
  'client-core/package.json',
  'vite.config.ts',
  'node_modules/.package-lock.json',
]
let root: string
/** At so many seconds. */
const at = (path: string, seconds: number) => utimes(join(root, path), seconds, seconds)
const isBuilt = (): boolean => {
  let times = 0
  ensurePage(pathToFileURL(`${root}/`), () => times++)
  return times > 0
}

/** Sources of second 100, built in second 200. */
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'panal-page-'))
  for (const file of [...files, 'client-web/dist/index.html']) {
    await mkdir(dirname(join(root, file)), { recursive: true })
    await writeFile(join(root, file), '')
  }
  for (const each of [...files, ...folders]) await at(each, 100)
  await at('client-web/dist/index.html', 200)
})
afterEach(() => rm(root, { recursive: true }))

describe('the page that tests in a browser open', () => {
  it('is not built again while no source is newer', () => {
    expect(isBuilt()).toBe(false)
  })

  it.each(files)('is built again when %s is newer', async (file) => {
    await at(file, 201)
    expect(isBuilt()).toBe(true)
  })

  it('is built where there is none', async () => {
    await rm(join(root, 'client-web/dist'), { recursive: true })
    expect(isBuilt()).toBe(true)
  })

  it('is looked after before any of them starts', async () => {
    const alone = jestConfig.projects.find(({ displayName }) => displayName === 'alone')
    expect(alone).toHaveProperty('globalSetup', '<rootDir>/test/ready-browser.mjs')
    expect(await readFile(new URL('../ready-browser.mjs', import.meta.url), 'utf8')).toContain('ensurePage()')
  })
})
