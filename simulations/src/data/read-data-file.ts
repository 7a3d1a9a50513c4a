import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { DataFileError, messageOf } from './data-file-error.ts'

export interface DataFile {
  /** Decompressed where the file is gzip. */
  readonly bytes: Uint8Array
  /** Of the file as it is stored: 64 hex digits. */
  readonly sha256: string
}

const gzipMagic = [0x1f, 0x8b]

/** A whole file, decompressed if it is gzip. @throws DataFileError 'missing-file' | 'unreadable-file' | 'malformed' */
export async function readDataFile(path: string, signal?: AbortSignal): Promise<DataFile> {
  const stored = await readFile(path, signal === undefined ? {} : { signal }).catch((cause: unknown) => {
    if (signal?.aborted === true) throw cause
    throw unreadable(path, cause)
  })
  const sha256 = createHash('sha256').update(stored).digest('hex')
  if (!gzipMagic.every((byte, i) => stored[i] === byte)) return { bytes: stored, sha256 }
  const bytes = await promisify(gunzip)(stored).catch((cause: unknown) => {
    throw new DataFileError(
      'malformed',
      path,
      `it begins as gzip and cannot be decompressed (${messageOf(cause)}). Fetch it again`,
      { cause },
    )
  })
  return { bytes, sha256 }
}

/** What the file system says, in words. */
export function unreadable(path: string, cause: unknown): DataFileError {
  const { code } = cause as NodeJS.ErrnoException
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return new DataFileError(
      'missing-file',
      path,
      'there is no such file. Check the path; relative ones start at the experiment’s folder',
      { cause },
    )
  const why =
    code === 'EISDIR'
      ? 'it is a folder. Name a file in it'
      : code === 'ERR_FS_FILE_TOO_LARGE'
        ? 'it is over 2 GiB. Split it and name the parts'
        : messageOf(cause)
  return new DataFileError('unreadable-file', path, `it cannot be read: ${why}`, { cause })
}
