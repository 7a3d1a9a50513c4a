import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { loadConfig, startServer } from '@panal/server'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panal-start-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

describe('a start', () => {
  it('that fails after it listens leaves neither the port nor the data directory taken', async () => {
    const flags = { port: String(await freePort()), data: folder, logLevel: 'silent' }
    const loaded = loadConfig({ flags, env: {} })
    if (!loaded.ok) throw new Error(loaded.problems.join())
    await mkdir(join(folder, 'admin.token', 'in the way'), { recursive: true })
    await expect(startServer(loaded.config)).rejects.toMatchObject({ code: 'EISDIR' })
    await rm(join(folder, 'admin.token'), { recursive: true })
    const server = await startServer(loaded.config)
    await server.close()
  })
})
