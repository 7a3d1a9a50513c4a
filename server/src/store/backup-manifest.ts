import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { canonicalJson } from '@panal/client-core'
import Value from 'typebox/value'
import { Type, type Static } from 'typebox'
import { sha256Of } from './blob-files.ts'
import { DataError, type Tell } from './data-error.ts'
import { hashFile } from './hashed-files.ts'

export const manifestName = 'backup.json'
/** Of a backup: the files, at the paths they have in a data directory. */
export const dataFolder = 'data'

const Manifest = Type.Object(
  {
    format: Type.Literal(1),
    /** Epoch ms of the moment whose state it is. */
    takenAt: Type.Integer(),
    codeVersion: Type.String(),
    /** Newest row of the audit trail at that moment. */
    auditHead: Type.Object({ seq: Type.Integer(), hash: Type.String() }),
    files: Type.Array(
      Type.Object({
        // Never a way out of the folder.
        path: Type.String({ pattern: '^(?!.*(^|/)\\.\\.?(/|$))[^/\\\\\\0]+(/[^/\\\\\\0]+)*$' }),
        numBytes: Type.Integer({ minimum: 0 }),
        sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
      }),
    ),
  },
  { additionalProperties: false },
)

/** What a backup holds: a moment of a data directory, and a digest of each file. */
export type Manifest = Static<typeof Manifest>

/** The manifest as text, with a digest of itself. */
export const manifestText = (manifest: Manifest): string =>
  `${JSON.stringify({ ...manifest, digest: sha256Of(canonicalJson(manifest)) }, null, 2)}\n`

/** @throws DataError 'not-a-backup' | 'backup-damaged' */
async function readManifest(backup: string): Promise<Manifest> {
  const text = await readFile(join(backup, manifestName), 'utf8').catch(() => undefined)
  if (text === undefined)
    throw new DataError('not-a-backup', `${backup} is no backup of Panal: there is no ${manifestName} in it.`)
  const manifest = parsed(text)
  if (manifest === undefined)
    throw new DataError('backup-damaged', `${join(backup, manifestName)} is damaged. Use another backup.`)
  return manifest
}

function parsed(text: string): Manifest | undefined {
  try {
    const { digest, ...manifest } = JSON.parse(text) as Record<string, unknown>
    return digest === sha256Of(canonicalJson(manifest)) && Value.Check(Manifest, manifest) ? manifest : undefined
  } catch {
    return undefined
  }
}

/**
 * A backup's manifest, once every file was read back and found as written.
 * @throws DataError 'not-a-backup' | 'backup-damaged' with each damaged file
 */
export async function verifyBackup(backup: string, tell: Tell): Promise<Manifest> {
  const manifest = await readManifest(backup)
  const ofBytes = totalBytes(manifest)
  const damaged: string[] = []
  let bytes = 0
  for (const { path, numBytes, sha256 } of manifest.files) {
    const found = await hashFile(join(backup, dataFolder, path)).catch(() => undefined)
    if (found === undefined) damaged.push(`${path} is gone or cannot be read`)
    else if (found.numBytes !== numBytes || found.sha256 !== sha256) damaged.push(`${path} has other bytes`)
    bytes += numBytes
    tell({ doing: 'verifying the backup', bytes, ofBytes })
  }
  if (damaged.length === 0) return manifest
  throw new DataError(
    'backup-damaged',
    `${damaged.length} files of the backup ${backup} are damaged. Use another backup; its sound blobs can still be put back with --blobs-only.`,
    damaged,
  )
}

export const totalBytes = ({ files }: Pick<Manifest, 'files'>): number =>
  files.reduce((sum, { numBytes }) => sum + numBytes, 0)
