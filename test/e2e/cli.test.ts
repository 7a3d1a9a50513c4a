import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { writeImageDataset, type ImageSchema } from '@panal/client-core'
import type { TaskDocument } from '@panal/server'
import { configurationPage } from '../../server/src/configuration-page.ts'
import { randomImages } from '../fixtures/live-server.ts'
import { digitsLike } from '../fixtures/task-document.ts'
import { panalHere } from '../fixtures/panal-here.ts'

const panal = fileURLToPath(new URL('../../server/bin/panal.js', import.meta.url))
let folder: string
let data: string
let server: Awaited<ReturnType<typeof startPanal>>

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panal-cli-'))
  data = join(folder, 'data')
  server = await startPanal('--data', data)
}, 60_000)
afterAll(async () => {
  if (server.child.exitCode === null) server.child.kill('SIGKILL')
  await rm(folder, { recursive: true })
})

/** Without this machine's own settings; in a folder that is not the project's. */
const options = () => ({
  cwd: folder,
  env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(PANAL_|NODE_OPTIONS$|JEST_)/.test(name))),
})

/** Runs one command in a process of its own, to its end. */
async function spawnPanal(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const child = spawn(process.execPath, [panal, ...args], options())
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { code: code as number, out, err }
}

/** Starts a server and waits until it listens. */
async function startPanal(
  ...args: string[]
): Promise<{ child: ChildProcess; url: string; lines: string[]; ended: Promise<number> }> {
  const all = ['start', '--port', '0', '--log-level', 'warn', ...args]
  const child = spawn(process.execPath, [panal, ...all], { ...options(), stdio: ['ignore', 'pipe', 'inherit'] })
  const lines: string[] = []
  const ended = once(child, 'exit').then(([code]) => code as number)
  const url = new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line)
      const found = /^Panal listens on (\S+)$/.exec(line)?.[1]
      if (found !== undefined) resolve(found)
    })
    void ended.then((code) => reject(new Error(`panal start ended with ${code}`)))
  })
  return { child, url: await url, lines, ended }
}

const onServer = (...args: string[]) => panalHere(...args, '--server', server.url, '--data', data)

describe('panal', () => {
  it.each([
    [[]],
    [['start']],
    [['settings']],
    [['task']],
    [['task', 'create']],
    [['task', 'list']],
    [['task', 'show']],
    [['task', 'pause']],
    [['task', 'resume']],
    [['round', 'list']],
    [['version', 'list']],
    [['version', 'show']],
    [['version', 'judge']],
    [['version', 'judgements']],
    [['model', 'rollback']],
    [['task', 'sets']],
    [['promote']],
    [['roll-back']],
    [['dataset', 'list']],
    [['dataset', 'add']],
    [['admin-link']],
    [['user', 'add']],
    [['user', 'link']],
    [['user', 'list']],
    [['user', 'role']],
    [['user', 'disable']],
    [['user', 'enable']],
    [['token', 'create']],
    [['token', 'list']],
    [['token', 'revoke']],
    [['request', 'list']],
    [['request', 'approve']],
    [['request', 'refuse']],
    [['audit', 'verify']],
    [['backup']],
    [['restore']],
    [['check']],
    [['gc']],
    [['audit', 'export']],
    [['round', 'replay']],
    [['simpson']],
    [['evaluate']],
  ])('%j has --help', async (command) => {
    const { code, out } = await panalHere(...command, '--help')
    expect(code).toBe(0)
    expect(out).toContain('Usage: panal')
  })

  it('lists each setting of start with its variable and default', async () => {
    const { out } = await panalHere('start', '--help')
    expect(out.replace(/\s+/g, ' ')).toContain('port to listen on; 0 takes any (env PANAL_PORT, default 8080)')
  })

  it('runs from any folder', async () => {
    expect(await spawnPanal('settings')).toEqual({ code: 0, out: configurationPage(), err: '' })
  })

  it('ends with 2 on a wrong command line, 3 without a server', async () => {
    expect((await panalHere('frobnicate')).code).toBe(2)
    expect((await panalHere('promote', 'digits', '1')).code).toBe(2)
    const { code, err } = await panalHere('task', 'list', '--server', 'http://127.0.0.1:9')
    expect([code, err]).toEqual([3, expect.stringMatching(/^panal: unreachable: .*panal start.*\n$/)])
  })
})

describe('a task’s life', () => {
  it('begins with what its owner should know: an overlap that may be chance', async () => {
    const draft = digitsLike({ id: 'overlapping' })
    const schema = draft.data as ImageSchema
    const width = schema.height * schema.width
    /** A thousand images, each of its own number, from `first` on. */
    const numbered = (first: number): Uint8Array => {
      const pixels = new Uint8Array(1000 * width)
      for (let i = 0; i < 1000; i++) new DataView(pixels.buffer).setUint32(i * width, first + i)
      return writeImageDataset(pixels, new Array<number>(1000).fill(0), schema)
    }
    const sets: Record<string, string> = {}
    for (const [name, first] of Object.entries({ evaluation: 0, calibration: 5000, gate: 999 })) {
      const file = join(folder, `numbered-${name}.safetensors`)
      await writeFile(file, numbered(first))
      sets[name] = (JSON.parse((await onServer('dataset', 'add', file, '--json')).out) as { sha256: string }).sha256
    }
    const file = join(folder, 'overlapping.json')
    await writeFile(file, JSON.stringify({ ...draft, sets }))
    expect(await onServer('task', 'create', file)).toEqual({
      code: 0,
      out: 'created task overlapping\n',
      err: 'panal: warning: /sets/gate: 1 of its 1000 distinct examples are in /sets/evaluation as well\n',
    })
  }, 120_000)

  it('a dataset: says what the file looks like, and refuses one that can be none', async () => {
    const table = join(folder, 'loans.csv')
    await writeFile(table, 'age,job,repaid\n34,fixed,yes\n51,,no\n')
    const added = await onServer('dataset', 'add', table)
    expect(added).toMatchObject({ code: 0, err: '' })
    expect(added.out).toMatch(/looks like +CSV, 2 rows, 3 columns: age, job, repaid\n/)

    const images = join(folder, 'images.safetensors')
    await writeFile(images, randomImages(digitsLike(), 60, 1))
    expect((await onServer('dataset', 'add', images)).out).toMatch(
      /looks like +safetensors, .*x U8 \[60, 4, 4, 1\].*\n/,
    )

    const { out } = await onServer('dataset', 'list')
    expect(out).toMatch(/^sha256 +kind +added +bytes +examples +used by +looks like\n/)
    expect(out).toMatch(/^[0-9a-f]{64} {2}dataset .* 60 +– +safetensors, .*x U8 \[60, 4, 4, 1\].*$/m)
    expect(out).toMatch(/^[0-9a-f]{64} {2}dataset .* 35 +2 +– +CSV, 2 rows, 3 columns: age, job, repaid$/m)

    const garbage = join(folder, 'garbage.csv')
    await writeFile(garbage, Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'))
    expect(await onServer('dataset', 'add', garbage)).toEqual({
      code: 1,
      out: '',
      err: 'panal: invalid-dataset: this is neither a CSV table nor a safetensors file: it is not UTF-8 text\n',
    })
    const left = await readdir(join(data, 'temp'))
    expect(left).toEqual([])
  }, 60_000)

  it('from files to a champion', async () => {
    const draft = digitsLike()
    const sets = {} as Record<string, string>
    for (const [seed, name] of ['evaluation', 'calibration', 'gate'].entries()) {
      const file = join(folder, `${name}.safetensors`)
      await writeFile(file, randomImages(draft, 60, seed))
      const { out } = await onServer('dataset', 'add', file, '--json')
      sets[name] = (JSON.parse(out) as { sha256: string }).sha256
    }
    const document = { ...draft, sets } as TaskDocument
    const good = join(folder, 'good.json')
    const bad = join(folder, 'bad.json')
    await writeFile(good, JSON.stringify(document))
    await writeFile(bad, JSON.stringify({ ...document, seed: 'one', plan: { ...document.plan, epochs: 0 } }))

    const schema = JSON.parse((await onServer('task', 'schema')).out) as { properties: object }
    expect(Object.keys(schema.properties)).toEqual(expect.arrayContaining(Object.keys(document)))

    const refused = await onServer('task', 'create', bad)
    expect(refused.code).toBe(1)
    expect(refused.err).toMatch(/^panal: invalid-task: /)
    expect(refused.err).toMatch(/^ {2}\/seed: /m)
    expect(refused.err).toMatch(/^ {2}\/plan\/epochs: /m)

    expect(await onServer('task', 'create', good)).toMatchObject({ code: 0, out: 'created task digits\n', err: '' })
    expect((await onServer('dataset', 'list')).out).toMatch(
      new RegExp(`^${sets.gate!} +dataset .* 60 +digits sets/gate +safetensors, `, 'm'),
    )
    expect((await onServer('task', 'list')).out).toMatch(/^digits +waiting +– +0 +0 +– +Handwritten digits$/m)
    expect((await onServer('task', 'pause', 'digits')).out).toBe('task digits is paused\n')
    expect(JSON.parse((await onServer('task', 'show', 'digits', '--json')).out)).toMatchObject({
      card: { paused: true },
    })
    const listed = (await onServer('version', 'list', 'digits')).out
    expect(listed).toMatch(/^0 +initial /m)
    expect(listed).not.toContain('older')
    expect((await onServer('version', 'show', 'digits', '0')).out).toMatch(/^weights +[0-9a-f]{64}$/m)
    expect((await onServer('promote', 'digits', '0', '--reason', 'to start')).out).toMatch(
      /^the champion of digits is version 0\nThese are the initial weights, which no gate has judged\.\nUnless the task is paused, rounds go on, .*panal task pause digits/,
    )
    const back = await onServer('roll-back', 'digits', '--reason', 'oops')
    expect([back.code, back.err]).toEqual([1, expect.stringMatching(/^panal: nothing-to-roll-back: /)])
    expect((await onServer('promote', 'digits', 'x', '--reason', 'y')).code).toBe(2)
    expect((await onServer('round', 'list', 'digits')).code).toBe(0)
    expect((await onServer('audit', 'verify')).out).toMatch(/^\d+ rows, unbroken; head [0-9a-f]{64}\n$/)
  }, 120_000)

  it('needs a credential, and says where to get one', async () => {
    const { code, err } = await panalHere('task', 'pause', 'digits', '--server', server.url)
    expect([code, err]).toEqual([1, expect.stringMatching(/^panal: unauthorized: .*--token/)])
  })

  it('prints links that sign somebody in', async () => {
    const { out } = await onServer('admin-link', '--role', 'viewer', '--name', 'Ada')
    const link = /#link=(\S+)/.exec(out)![1]
    const response = await fetch(`${server.url}/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ link }),
    })
    expect(await response.json()).toEqual({ signedIn: true, role: 'viewer', name: 'Ada' })
  })
})

describe('people', () => {
  it('are added, listed, given a role, disabled', async () => {
    const { out } = await onServer('user', 'add', 'Bob', '--role', 'viewer')
    expect(out).toMatch(/^http:\S+\/admin#link=[\w-]{43}\nIt works once, for 24 hours.\n$/)
    const twice = await onServer('user', 'add', 'bob', '--role', 'owner')
    expect([twice.code, twice.err]).toEqual([1, expect.stringMatching(/^panal: account-exists: /)])
    expect((await onServer('user', 'role', 'bob', 'auditor')).out).toBe('Bob is auditor\n')
    expect((await onServer('user', 'disable', 'bob')).out).toBe('Bob is disabled\n')
    expect((await onServer('user', 'list')).out).toMatch(/^Bob +auditor +link +disabled +–$/m)
    expect((await onServer('user', 'enable', 'bob')).out).toBe('Bob is enabled\n')
    expect((await onServer('user', 'link', 'bob')).out).toContain('#link=')
    expect((await onServer('user', 'role', 'nobody', 'viewer')).err).toMatch(/^panal: unknown-account: /)
  })

  it('have tokens, which are shown once, listed and revoked', async () => {
    const token = (await onServer('token', 'create', 'ci', '--role', 'viewer', '--days', '30')).out.trim()
    const { out } = await onServer('token', 'list', '--json')
    const { tokens } = JSON.parse(out) as {
      tokens: { id: string; name: string; expiresAt: number; createdAt: number }[]
    }
    const ci = tokens.find(({ name }) => name === 'ci')!
    expect(Math.round((ci.expiresAt - ci.createdAt) / 86_400_000)).toBe(30)
    expect((await onServer('token', 'list')).out).not.toContain(token)
    expect((await panalHere('audit', 'verify', '--server', server.url, '--token', token)).err).toMatch(
      /^panal: forbidden: /,
    )
    expect((await onServer('token', 'revoke', ci.id)).out).toBe(`token ${ci.id} is revoked\n`)
    expect((await panalHere('task', 'list', '--server', server.url, '--token', token)).err).toMatch(
      /^panal: unauthorized: /,
    )
    expect((await onServer('token', 'create', 'ci', '--role', 'viewer', '--days', 'x')).code).toBe(2)
  })
})

describe('panal start', () => {
  it('prints a one-time admin link the first time', () => {
    expect(server.lines.join('\n')).toMatch(/^Sign in once, within 24 hours: http:\S+\/admin#link=[\w-]{43}$/m)
  })

  it('on a port in use says so in one line and ends with 1', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const port = String((other.address() as AddressInfo).port)
    const { code, err, out } = await panalHere(
      'start',
      '--port',
      port,
      '--data',
      join(folder, 'other'),
      '--log-level',
      'silent',
    )
    other.close()
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toMatch(/^panal: port-in-use: [^\n]*--port[^\n]*\n$/)
  })

  it('on a data directory in use says so in one line and ends with 1', async () => {
    const { code, err } = await spawnPanal('start', '--port', '0', '--data', data)
    expect(code).toBe(1)
    expect(err).toMatch(/^panal: data-dir-in-use: [^\n]*--data[^\n]*\n$/)
  })

  it('on a data directory that is none says so in one line and ends with 1', async () => {
    const file = join(folder, 'a-file')
    await writeFile(file, '')
    await chmod(file, 0o400)
    const { code, err } = await spawnPanal('start', '--port', '0', '--data', file)
    expect(code).toBe(1)
    expect(err).toMatch(/^panal: data-dir-not-writable: [^\n]*\n$/)
  })

  it('with a wrong configuration lists every problem', async () => {
    const { code, err } = await panalHere('start', '--port', 'x', '--drain-ms', '0', '--log-level', 'loud')
    expect(code).toBe(1)
    expect(err).toMatch(
      /^panal: invalid-config: .*\n {2}--port "x".*\n {2}--log-level "loud".*\n {2}--drain-ms "0".*\n$/,
    )
  })

  it('ends with 0 on SIGTERM, and the next one finds everything', async () => {
    server.child.kill('SIGTERM')
    expect(await server.ended).toBe(0)
    server = await startPanal('--data', data)
    expect(server.lines.join('\n')).not.toContain('Sign in once')
    expect(JSON.parse((await onServer('task', 'show', 'digits', '--json')).out)).toMatchObject({
      card: { paused: true },
      pointers: { champion: 0 },
    })
    expect((await readFile(join(data, 'admin.token'), 'utf8')).trim()).toMatch(/^[\w-]{43}$/)
  }, 60_000)
})
