import { Worker } from 'node:worker_threads'
import { expect, it } from '@jest/globals'
import { allReady } from '../../../../simulations/src/fleet/all-ready.ts'

const thread = (script: string) =>
  new Worker(`const { parentPort } = require('node:worker_threads');${script}`, { eval: true })
const quick = (then = '') => thread(`parentPort.postMessage('ready');${then}`)
/** Ready once it is told to be. */
const slow = () => thread(`parentPort.once('message', () => parentPort.postMessage('ready'))`)
const failing = `parentPort.once('message', () => { throw new Error('broken') })`

it('throws what a thread throws, also one that was ready while others were not', async () => {
  const [first, second] = [quick(failing), slow()]
  const told: Error[] = []
  const ready = allReady([first, second], (error) => told.push(error))
  first.postMessage('now')
  await expect(ready).rejects.toThrow('broken')
  await second.terminate()
  expect(told).toEqual([])
})

it('tells of a thread that fails after all were ready', async () => {
  const worker = quick(failing)
  const told = new Promise<Error>((resolve) => void allReady([worker], resolve).then(() => worker.postMessage('now')))
  expect((await told).message).toBe('broken')
})
