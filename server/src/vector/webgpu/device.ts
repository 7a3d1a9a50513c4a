import { VectorError } from '../engine.ts'

/** An open GPU. `gpu` is held because the device does not outlive it. */
export interface OpenDevice {
  readonly gpu: GPU
  readonly device: GPUDevice
  /** Its name, for people. */
  readonly name: string
  /** Set once the device is lost, or has run out of memory: nothing it says afterwards counts. */
  readonly failure: () => string | undefined
}

/** GPUBufferUsage, which Node has no global for. */
export const usage = {
  mapRead: 0x1,
  mapWrite: 0x2,
  copySource: 0x4,
  copyTarget: 0x8,
  uniform: 0x40,
  storage: 0x80,
  queryResolve: 0x200,
} as const
export const mapMode = { read: 0x1, write: 0x2 } as const

/** What the kernels can use more of than WebGPU grants unasked. */
const wantedLimits = ['maxBufferSize', 'maxStorageBufferBindingSize', 'maxComputeWorkgroupStorageSize'] as const

/**
 * The kernels fill a workgroup's memory themselves; to clear it first costs the software adapter seconds of compiling.
 * Timestamps to the nanosecond: they are of this server's own work, there is nobody to hide them from.
 */
const dawnOptions = ['enable-dawn-features=disable_workgroup_init', 'disable-dawn-features=timestamp_quantization']

/**
 * The fastest GPU of this machine through Dawn, whoever made it, with its own limits. @throws VectorError 'no-device'
 * where there is none, or no driver, or the package has no binary for this platform
 */
export async function openDevice(): Promise<OpenDevice> {
  try {
    const { create } = await import('webgpu')
    const gpu = create([...dawnOptions])
    const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' })
    if (adapter === null) throw new VectorError('no-device', 'WebGPU finds no adapter here')
    const device = await adapter.requestDevice({
      requiredLimits: Object.fromEntries(wantedLimits.map((name) => [name, adapter.limits[name]])),
      requiredFeatures: adapter.features.has('timestamp-query') ? ['timestamp-query'] : [],
    })
    const { description, device: model, vendor } = adapter.info
    return {
      gpu,
      device,
      name: [vendor, model, description].filter((part) => part !== '').join(' '),
      failure: watch(device),
    }
  } catch (cause) {
    if (cause instanceof VectorError) throw cause
    throw new VectorError('no-device', `WebGPU does not start: ${String(cause)}`, { cause })
  }
}

function watch(device: GPUDevice): () => string | undefined {
  let failure: string | undefined
  void device.lost.then(({ reason, message }) => (failure ??= `${reason}: ${message}`))
  device.onuncapturederror = ({ error }) => (failure ??= error.message)
  return () => failure
}
