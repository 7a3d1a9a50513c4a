import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { virtualClock } from '@panal/client-core'
import { loadConfig, readDataDir, startServer } from '@panal/server'
import { runCli } from '../../server/src/cli/program.ts'
import { ServerKeys } from '../../server/src/keys/server-keys.ts'
import { dataFolders } from '../../server/src/store/data-dir.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panal-start-'))
})
afterEach(async () => {
  for (const server of others.splice(0)) server.close()
  await rm(folder, { recursive: true })
})

const others: Server[] = []

async function takenPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  others.push(server)
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

describe('a start', () => {
  it.each([
    ['port is taken', 'port-in-use', (port: number) => ({ port: String(port) })],
    ['host is none of this machine', 'invalid-config', () => ({ port: '0', host: '192.0.2.1' })],
    [
      'secret file cannot be read',
      'invalid-config',
      () => ({
        port: '0',
        oidcIssuer: 'https://id.example',
        oidcClientId: 'panal',
        oidcClientSecretFile: '/none',
        oidcEmailDomains: 'id.example',
      }),
    ],
  ])('whose %s makes no data directory, and takes none away', async (_, code, flagsFor) => {
    const flags = { logLevel: 'silent', ...flagsFor(await takenPort()) }
    const configOf = (data: string, changes: Record<string, string> = flags) => {
      const loaded = loadConfig({ flags: { ...changes, data }, env: {} })
      if (!loaded.ok) throw new Error(loaded.problems.join())
      return loaded.config
    }
    await expect(startServer(configOf(join(folder, 'new', 'data')))).rejects.toMatchObject({ code })
    expect(await readdir(folder)).toEqual([])

    const old = join(folder, 'old')
    await (await startServer(configOf(old, { logLevel: 'silent', port: '0' }))).close()
    await expect(startServer(configOf(old))).rejects.toMatchObject({ code })
    expect(await readdir(old)).toContain('panal.db')
  })

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

  it('adds to the audit trail a rotation of the key that a crash left without its row, once', async () => {
    const loaded = loadConfig({ flags: { port: '0', data: folder, logLevel: 'silent' }, env: {} })
    if (!loaded.ok) throw new Error(loaded.problems.join())
    await (await startServer(loaded.config)).close()
    const clock = virtualClock()
    const keys = await ServerKeys.load({ dataDir: dataFolders(folder), clock })
    const previous = keys.id
    const { kid } = await keys.rotate()
    for (let i = 0; i < 2; i++) await (await startServer(loaded.config)).close()
    const reader = readDataDir(folder)
    expect(reader.audit.entries().filter(({ action }) => action === 'key-rotated')).toMatchObject([
      { actor: 'server', detail: { previous, kid, foundAtStart: true } },
    ])
    reader.close()
  })

  it('can be stopped as soon as it says that it runs', async () => {
    let stop: (() => void) | undefined
    let couldBeStopped = false
    const flags = ['--port', '0', '--data', join(folder, 'data'), '--log-level', 'silent']
    const code = await runCli(['start', ...flags], {
      env: {},
      print: () => {
        couldBeStopped = stop !== undefined
        setImmediate(() => stop?.())
      },
      complain: () => undefined,
      onStop: (given) => (stop = given),
      exitNow: (exitCode) => {
        throw new Error(`it ended at once, with ${exitCode}`)
      },
      columns: undefined,
    })
    expect([code, couldBeStopped]).toEqual([0, true])
  })
})
