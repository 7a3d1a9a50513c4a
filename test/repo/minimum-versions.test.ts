import { readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'

/** Versions below these have known security holes in what we expose to strangers. `npm audit` may be out of reach. */
const minimum = {
  fastify: '5.12.3',
  '@fastify/static': '10.1.3',
  'engine.io': '6.6.9',
  'socket.io-parser': '4.2.7',
  ws: '8.21.0',
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version?: string }>>
}

const lock = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8')) as Lock
const atLeast = (version: string, least: string) =>
  !version.includes('-') && version.localeCompare(least, 'en', { numeric: true }) >= 0

describe('locked versions', () => {
  it.each(Object.entries(minimum))('every installed %s is at least %s', (name, least) => {
    const versions = Object.entries(lock.packages)
      .filter(([path]) => path.endsWith(`node_modules/${name}`))
      .map(([, { version }]) => version ?? '')
    expect(versions).not.toEqual([])
    expect(versions.filter((version) => !atLeast(version, least))).toEqual([])
  })

  it.each([
    ['5.12.10', '5.12.3', true],
    ['5.9.9', '5.12.3', false],
    ['5.12.3-rc.1', '5.12.3', false],
  ])('%s at least %s: %s', (version, least, expected) => {
    expect(atLeast(version, least)).toBe(expected)
  })
})
