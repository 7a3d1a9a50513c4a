/**
 * Compiles vector-kernels.ts and writes it as a TypeScript module, so that the kernels are there wherever the server's
 * sources run, without a compiler and without a file to be found beside them. Run `npm run kernels` after a change; a test
 * compiles them again and compares.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'

const source = fileURLToPath(new URL('vector-kernels.ts', import.meta.url))
const generated = fileURLToPath(new URL('../src/vector/wasm/kernels.generated.ts', import.meta.url))
const options = [
  '-O3',
  '--enable',
  'simd',
  '--enable',
  'bulk-memory',
  '--noAssert',
  '--runtime',
  'stub',
  '--importMemory',
]

/** The text of the generated module. */
export async function compileKernels() {
  let binary
  const { error, stderr } = await asc.main(['vector-kernels.ts', ...options, '--outFile', 'kernels.wasm'], {
    readFile: (name) => (name === 'vector-kernels.ts' ? readFileSync(source, 'utf8') : null),
    writeFile: (name, contents) => {
      if (name.endsWith('.wasm')) binary = contents
    },
    listFiles: () => [],
  })
  if (error) throw new Error(`the vector kernels do not compile: ${stderr.toString()}`, { cause: error })
  const base64 = Buffer.from(binary).toString('base64')
  return `/** Compiled from server/assembly/vector-kernels.ts by \`npm run kernels\`: not to be edited. */\nexport const kernelsBase64 =\n  '${base64}'\n`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(generated, await compileKernels())
  console.log(`wrote ${generated}`)
}
