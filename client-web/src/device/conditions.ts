import type { Conditions } from '@panal/client-core'

interface Battery {
  readonly charging: boolean
}
interface Network {
  readonly saveData?: boolean
  readonly type?: string
}
/** Not every browser has these; where one is missing the answer is the one that lets the person decide. */
type DeviceNavigator = Navigator & { getBattery?: () => Promise<Battery>; connection?: Network }

/**
 * Whether this device should work now. `idle` is always true: the person pressed Start, and the page shows what runs.
 * Workers have no `getBattery`, so the page asks and tells its worker.
 */
export async function readConditions(navigator: DeviceNavigator): Promise<Conditions> {
  const battery = await navigator.getBattery?.().catch(() => undefined)
  const network = navigator.connection
  return {
    charging: battery?.charging ?? true,
    unmetered: network === undefined ? true : network.saveData !== true && network.type !== 'cellular',
    idle: true,
  }
}
