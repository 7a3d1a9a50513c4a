import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'

/** What floating-point kernels are chosen by. */
export interface Processor {
  readonly architecture: string
  readonly model: string
  /** Vector instructions; empty where the system has no /proc/cpuinfo. */
  readonly features: Readonly<Record<string, true>>
}

export const processor = (): Processor => ({
  architecture: process.arch,
  model: cpus()[0]?.model.trim() ?? 'unknown',
  features: vectorFeatures(cpuinfo()),
})

/** x86 and ARM: those of the first core. */
export function vectorFeatures(cpuinfo: string): Record<string, true> {
  const [, flags = ''] = /^(?:flags|Features)\s*:(.*)$/m.exec(cpuinfo) ?? []
  const vector = flags.split(/\s+/).filter((flag) => /^(s?sse|avx|fma|f16c|amx|asimd|sve|sme|bf16|i8mm)/.test(flag))
  return Object.fromEntries(vector.sort().map((flag) => [flag, true]))
}

function cpuinfo(): string {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8')
  } catch {
    return '' // no Linux
  }
}
