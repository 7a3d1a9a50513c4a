#!/usr/bin/env node
// Panal runs from its TypeScript source. Registered here, so that it works from any folder.
import { register } from 'tsx/esm/api'

register()
const { main } = await import('../src/main.ts')
process.exitCode = await main()
