import type { DeviceId } from '@panal/client-core'

/** Digits of a simulated device's id, which has the form of a real one. */
const length = 22

/** Id of the device with this number; ids sort as numbers do. */
export const deviceIdOf = (device: number): DeviceId => `d_${String(device).padStart(length, '0')}`

/** The inverse. */
export const deviceOf = (deviceId: DeviceId): number => Number(deviceId.slice(-length))
