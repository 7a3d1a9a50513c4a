#!/usr/bin/env node
// Plain JavaScript: it runs before TypeScript can be read, from any working directory.
import { register } from 'tsx/esm/api'

register()
await import('../src/cli.ts')
