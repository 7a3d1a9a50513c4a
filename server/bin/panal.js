#!/usr/bin/env node
// Runs what `npm ci` or `npm run build` compiled, as long as no source is newer; else the TypeScript source itself, which
// takes a second longer to start and twice the memory. From any folder.
import { isCurrent } from './is-current.js'

const here = (path) => new URL(path, import.meta.url)
const compiled = here('../dist/main.js')
// The last is what npm writes when it has changed an installed package.
const sources = ['../src/', '../../client-core/src/', '../package.json', '../../node_modules/.package-lock.json'].map(
  here,
)

const current = isCurrent(compiled, sources)
if (!current) (await import('tsx/esm/api')).register()
const { main } = await import(current ? compiled : here('../src/main.ts'))
process.exitCode = await main()
