/** Whether the process or the system has no file handle left: that says nothing of the file, and later there may be some again. */
export const hasTooManyOpen = (cause: unknown): boolean =>
  cause instanceof Error && 'code' in cause && (cause.code === 'EMFILE' || cause.code === 'ENFILE')
