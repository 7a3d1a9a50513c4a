// Plain JavaScript, because it runs before TypeScript can be read. tsx's own `--import tsx` registers on the main
// thread only (its loader returns early in a worker), so each worker registers for itself, through this file.
import { register } from 'tsx/esm/api'

register()
