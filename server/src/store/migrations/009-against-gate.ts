import { sql, type Kysely, type Migration } from 'kysely'

/** Whether whoever asks for a move also asks against the gate. Of earlier requests nobody knows: they count as not. */
export const againstGate: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .alterTable('move_requests')
      .addColumn('against_gate', 'integer', (c) =>
        c
          .notNull()
          .defaultTo(0)
          .check(sql`against_gate in (0, 1)`),
      )
      .execute()
  },
}
