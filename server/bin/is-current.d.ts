/** Whether a compiled file is newer than all that it was compiled from: files, and folders whose URL ends in `/`. */
export function isCurrent(compiled: URL, sources: readonly URL[]): boolean
