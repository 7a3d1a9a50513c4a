import { parentPort } from 'node:worker_threads'

/** Ends with the first thing it is asked. */
parentPort?.on('message', () => process.exit(1))
