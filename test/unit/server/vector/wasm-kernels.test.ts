import { readFile } from 'node:fs/promises'
import { expect, it } from '@jest/globals'
import { compileKernels } from '../../../../server/assembly/build.mjs'

it('the kernels in the sources are what their AssemblyScript compiles to', async () => {
  const generated = new URL('../../../../server/src/vector/wasm/kernels.generated.ts', import.meta.url)
  expect((await compileKernels()) === (await readFile(generated, 'utf8'))).toBe(true)
})
