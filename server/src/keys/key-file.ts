import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { open, readdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { jwkOf, ServerKey, thumbprint, type EpochMs } from '@panal/client-core'
import { Type, type Static } from 'typebox'
import { Value } from 'typebox/value'
import { StartupError } from '../startup-error.ts'
import type { DataDir } from '../store/data-dir.ts'

/** One file of the folder `keys`, named by its key's thumbprint. */
const KeyFile = Type.Object({
  /** Keys count from 1 without gaps: the highest signs. */
  number: Type.Integer({ minimum: 1 }),
  public: ServerKey,
  /** The private half; gone once the key is retired. */
  d: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' })),
})
export type KeyFile = Static<typeof KeyFile>

export function makeKey(number: number, createdAt: EpochMs): KeyFile & { readonly d: string } {
  const { x, d } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: x! } as const
  return { number, public: { ...jwk, kid: thumbprint(jwk), alg: 'EdDSA', use: 'sig', createdAt }, d: d! }
}

/** Readable by this user only; the old content or the new, never half of one; on the disk when it resolves. */
export async function writeKey(dataDir: Pick<DataDir, 'keys' | 'temp'>, key: KeyFile): Promise<void> {
  const temp = join(dataDir.temp, randomUUID())
  const file = await open(temp, 'wx', 0o600)
  try {
    await file.writeFile(`${JSON.stringify(key, null, 2)}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temp, join(dataDir.keys, `${key.public.kid}.json`))
  const folder = await open(dataDir.keys, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** Oldest first; the newest has its private half. @throws StartupError 'keys-unreadable' */
export async function readKeys(folder: string): Promise<KeyFile[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json'))
  const files = await Promise.all(names.map((name) => readKey(join(folder, name), name.slice(0, -'.json'.length))))
  files.sort((a, b) => a.number - b.number)
  if (files.some(({ number }, i) => number !== i + 1))
    throw unreadable(`of the keys 1 to ${files.at(-1)?.number ?? 0}, at least one is missing`)
  const newest = files.at(-1)
  if (newest !== undefined && newest.d === undefined)
    throw unreadable(`the newest key ${newest.public.kid} has lost its private half`)
  // A crash in the middle of a rotation leaves the old key's private half: only the newest may have one.
  return files.map((file, i) => {
    const next = files[i + 1]
    return next === undefined ? file : { number: file.number, public: retire(file, next) }
  })
}

const retire = (file: KeyFile, next: KeyFile): ServerKey => ({ retiredAt: next.public.createdAt, ...file.public })

async function readKey(path: string, kid: string): Promise<KeyFile> {
  let value: unknown
  try {
    value = JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    throw unreadable(`${path} cannot be read`, error)
  }
  if (!Value.Check(KeyFile, value) || value.public.kid !== kid || thumbprint(jwkOf(value.public)) !== kid)
    throw unreadable(`${path} is damaged`)
  return value
}

const unreadable = (what: string, cause?: unknown): StartupError =>
  new StartupError(
    'keys-unreadable',
    `${what}. Devices trust this server by its keys: restore the folder keys from a backup.`,
    cause === undefined ? {} : { cause },
  )
