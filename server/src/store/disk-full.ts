import { PanalError } from '@panal/client-core'

/** When to come back to a disk that is full: somebody has to make room first, ms. */
export const diskFullRetryMs = 30_000

/** ENOSPC and EDQUOT are the file system's; SQLite says the same of its own files, the log's index among them. */
const diskFullCodes = ['ENOSPC', 'EDQUOT', 'SQLITE_FULL', 'SQLITE_IOERR_SHMSIZE']

export const isDiskFull = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && diskFullCodes.includes(String(error.code))

export const diskFull = (cause?: unknown): PanalError =>
  new PanalError('disk-full', undefined, { cause, retryAfterMs: diskFullRetryMs })
