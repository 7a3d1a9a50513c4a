import { describe, expect, it } from '@jest/globals'
import { readTracked } from './tracked-files.ts'

interface Lock {
  readonly packages: Readonly<Record<string, { readonly optionalDependencies?: Readonly<Record<string, string>> }>>
}

const { packages } = JSON.parse(readTracked('package-lock.json')) as Lock

describe('package-lock.json', () => {
  it('has every optional package, or npm ci refuses it: node .ci/complete-lock.mjs', () => {
    const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (name) => !(`${path}/node_modules/${name}` in packages) && !(`node_modules/${name}` in packages),
      ),
    )
    expect(missing).toEqual([])
  })
})
