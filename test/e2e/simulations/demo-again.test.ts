import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { startDemoServer } from '../../../simulations/src/demo/demo-server.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panal-demo-again-'))
})
afterEach(() => rm(folder, { recursive: true }))

const start = () => startDemoServer({ host: '127.0.0.1', port: 0, dataFolder: folder, keep: false })

it('a demo begins afresh where an earlier one ended, whatever files the server keeps', async () => {
  for (let time = 1; time <= 3; time++) {
    const server = await start()
    await server.close()
  }
  expect(await readdir(folder)).toEqual(expect.arrayContaining(['panal-demo', 'panal.db']))
})
