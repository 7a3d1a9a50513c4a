/** Opens the data directory named on the command line and says so, or says why not; holds it until it is killed. */
import { openDataDir } from '../../../../server/src/store/data-dir.ts'
import { StartupError } from '../../../../server/src/startup-error.ts'

try {
  const dataDir = await openDataDir(process.argv[2] ?? '')
  process.send?.('open')
  process.on('disconnect', () => dataDir.close())
} catch (error) {
  process.send?.(error instanceof StartupError ? error.code : String(error))
  process.disconnect()
}
