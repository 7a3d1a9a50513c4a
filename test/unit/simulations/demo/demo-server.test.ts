import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { openDataDir } from '@panal/server'
import { startDemoServer } from '../../../../simulations/src/demo/demo-server.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panal-demo-server-'))
})
afterEach(() => rm(folder, { recursive: true }))

const start = () => startDemoServer({ host: '127.0.0.1', port: 0, dataFolder: folder, keep: false })

describe('startDemoServer', () => {
  it('never empties the data directory of a real server', async () => {
    const real = await openDataDir(folder)
    await writeFile(join(real.blobs, 'weights'), 'x')
    real.close()
    await expect(start()).rejects.toMatchObject({ code: 'invalid-config' })
    expect(await readdir(real.blobs)).toEqual(['weights'])
  })

  it('never empties a folder whose names only look like its own', async () => {
    await mkdir(join(folder, 'uploads'))
    await writeFile(join(folder, 'uploads', 'holiday.jpg'), 'x')
    await expect(start()).rejects.toMatchObject({ code: 'invalid-config' })
    expect(await readdir(folder)).toEqual(['uploads'])
    expect(await readdir(join(folder, 'uploads'))).toEqual(['holiday.jpg'])
  })
})
