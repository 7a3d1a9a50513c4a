import { systemClock } from '@panal/client-core'
import { AuditLog, Devices, openDataDir, openDatabase } from '@panal/server'
import { newIdentity, type Identity } from './identity.ts'

/**
 * Devices that enrolled long ago, each from a network of its own: rows that the server finds when it starts. A device
 * enrols once in its life, and ten thousand in a row would take as long as all that is measured.
 */
export async function enrolledBefore(dataFolder: string, taskId: string, count: number): Promise<Identity[]> {
  const dataDir = await openDataDir(dataFolder)
  const db = await openDatabase(dataDir.databaseFile)
  try {
    const clock = systemClock({ setTimeout, clearTimeout })
    const devices = new Devices({ db, clock, audit: new AuditLog({ db, clock }) })
    const identities = await Promise.all(Array.from({ length: count }, newIdentity))
    await Promise.all(
      identities.map(async ({ keys }, index) =>
        devices.enrol({ taskId, jwk: await keys.publicKey(), network: `network ${index}` }),
      ),
    )
    return identities
  } finally {
    db.close()
    dataDir.close()
  }
}
