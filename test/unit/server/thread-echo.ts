import { parentPort, workerData } from 'node:worker_threads'
import { makeRng } from '@panal/client-core'

const { said } = workerData as { said: string }
parentPort?.postMessage([said, makeRng(1).uniform()])
