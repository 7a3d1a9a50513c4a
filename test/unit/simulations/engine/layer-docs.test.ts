/** @jest-environment <rootDir>/test/native-environment.mjs */
import { readFile } from 'node:fs/promises'
import { expect, it } from '@jest/globals'
import { layerCompilers } from '../../../../simulations/src/engine/layers/registry.ts'

it('docs/engine.md names each layer that is compiled, and no other', async () => {
  const page = await readFile('docs/engine.md', 'utf8')
  const named = [...page.matchAll(/^\| `(\w+)` +\|/gm)].map(([, name]) => name)
  expect(named.sort()).toEqual(Object.keys(layerCompilers).sort())
})
