import type { Migration } from 'kysely'
import { initial } from './001-initial.ts'

/** In order of their names. A migration that was released is never edited: add the next one. */
export const migrations: Record<string, Migration> = { '001-initial': initial }
