/** Judges version 1 of the task in the data directory named on the command line again, and is dead before anything can be tidied. */
import { virtualClock } from '@panal/client-core'
import { AuditLog } from '../../../../server/src/audit/audit-log.ts'
import { SqlRegistry } from '../../../../server/src/registry/sql-registry.ts'
import { BlobFiles } from '../../../../server/src/store/blob-files.ts'
import { openDataDir } from '../../../../server/src/store/data-dir.ts'
import { openDatabase } from '../../../../server/src/store/database.ts'
import { report, twoParamTask } from '../../../fixtures/registry-rounds.ts'

const [path = '', how] = process.argv.slice(2)
const dataDir = await openDataDir(path)
const db = await openDatabase(dataDir.databaseFile)
const clock = virtualClock()
const audit = new AuditLog({ db, clock })
const registry = new SqlRegistry({ db, blobs: new BlobFiles(dataDir), clock, audit, codeVersion: 'test' })
const die = () => void process.kill(process.pid, 'SIGKILL')
// What asks for a second person is called when the judgement is written and before it is committed.
const by = { actor: 'ada', ...(how === 'before-commit' && { ask: die }) }
await registry.judgedAgain(report(1, null), twoParamTask(), by)
die()
