/** Promotes version 1 of the task in the data directory named on the command line, and is dead before anything can be tidied. */
import { virtualClock } from '@panal/client-core'
import { AuditLog } from '../../../../server/src/audit/audit-log.ts'
import { SqlRegistry } from '../../../../server/src/registry/sql-registry.ts'
import { BlobFiles } from '../../../../server/src/store/blob-files.ts'
import { openDataDir } from '../../../../server/src/store/data-dir.ts'
import { openDatabase } from '../../../../server/src/store/database.ts'

const [path = '', how] = process.argv.slice(2)
const dataDir = await openDataDir(path)
const db = await openDatabase(dataDir.databaseFile)
const clock = virtualClock()
const audit = new AuditLog({ db, clock })
const registry = new SqlRegistry({ db, blobs: new BlobFiles(dataDir), clock, audit, codeVersion: 'test' })
const decision = { taskId: 'digits', version: 1, actor: 'ada', reason: 'by hand' }
if (how === 'after-commit') {
  await registry.promote(decision)
  process.kill(process.pid, 'SIGKILL')
} else {
  db.transaction(() => {
    // The work of this promise is done at once, inside this transaction.
    void registry.promote(decision)
    process.kill(process.pid, 'SIGKILL')
  })
}
