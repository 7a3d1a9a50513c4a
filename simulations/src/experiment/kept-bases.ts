import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Params } from '@panal/client-core'
import { bytesToParams, paramsToBytes, sha256Of } from '@panal/server'
import type { Earlier } from './memory-registry.ts'
import { writeDurably } from './write-durably.ts'

/** A version that devices still train from, as a checkpoint names it. */
export interface KeptBase {
  readonly version: number
  readonly sha256: string
}

const folderIn = (runFolder: string): string => join(runFolder, 'bases')
const pathOf = (runFolder: string, version: number): string => join(folderIn(runFolder), String(version))

/**
 * A file for each version, written once, for the same run makes the same bytes of it again; durable when it resolves, and so
 * before the checkpoint that names them. Their digests are those that the round's devices were asked with: none is hashed again.
 */
export async function keepBases(runFolder: string, { round, bases }: Earlier): Promise<KeptBase[]> {
  await mkdir(folderIn(runFolder), { recursive: true })
  const there = new Set(await readdir(folderIn(runFolder)))
  const digests = new Map([...(round.carried ?? []), round].map((of) => [of.baseVersion, of.baseSha256]))
  const kept: KeptBase[] = []
  for (const [version, params] of bases) {
    if (!there.has(String(version))) await writeDurably(pathOf(runFolder, version), paramsToBytes(params))
    kept.push({ version, sha256: digests.get(version)! })
  }
  return kept
}

/** Once the checkpoint names no other. */
export async function dropOtherBases(runFolder: string, bases: ReadonlyMap<number, Params>): Promise<void> {
  const names = await readdir(folderIn(runFolder))
  for (const name of names) if (!bases.has(Number(name))) await rm(join(folderIn(runFolder), name), { force: true })
}

/** @throws what `damaged` makes, where one is missing or has other bytes */
export async function readBases(
  runFolder: string,
  kept: readonly KeptBase[],
  damaged: () => Error,
): Promise<Map<number, Params>> {
  const bases = new Map<number, Params>()
  for (const { version, sha256 } of kept) {
    const bytes = await readFile(pathOf(runFolder, version)).catch(() => undefined)
    if (bytes === undefined || sha256Of(bytes) !== sha256) throw damaged()
    bases.set(version, bytesToParams(bytes))
  }
  return bases
}
