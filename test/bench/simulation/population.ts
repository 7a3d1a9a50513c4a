import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const populations = [1000, 10_000, 100_000]
const script = fileURLToPath(new URL('./population-process.ts', import.meta.url))

interface Measured {
  readonly devices: number
  readonly setupSeconds: number
  readonly roundMs: readonly number[]
  readonly peakBytes: number
}

/**
 * What a simulated device costs that is not asked: the same rounds of a hundred tiny trainings out of ever larger populations,
 * each in a process of its own.
 */
export async function benchPopulation(): Promise<string> {
  const measured: Measured[] = []
  for (const devices of populations) {
    console.error(`${devices} devices …`)
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script, String(devices)])
    measured.push({ devices, ...(JSON.parse(stdout.trim().split('\n').at(-1)!) as Omit<Measured, 'devices'>) })
  }
  return reportPopulation(measured)
}

const quantile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.floor(share * (values.length - 1))]!

function reportPopulation(measured: readonly Measured[]): string {
  const least = measured[0]!
  const rows = measured.map(({ devices, setupSeconds, roundMs, peakBytes }) => {
    const more = devices - least.devices
    /** From ms to µs, from MB to kB. Less than nothing is noise. */
    const perDevice = (of: number, unit: string) =>
      more === 0 ? '' : of <= 0 ? 'too little to tell' : `${((of / more) * 1e3).toFixed(2)} ${unit}`
    const median = quantile(roundMs, 0.5)
    return [
      devices.toLocaleString('en'),
      `${setupSeconds.toFixed(2)} s`,
      `${median.toFixed(0)} ms (${quantile(roundMs, 0.1).toFixed(0)} to ${quantile(roundMs, 0.9).toFixed(0)})`,
      perDevice(median - quantile(least.roundMs, 0.5), 'µs'),
      `${(peakBytes / 1e6).toFixed(0)} MB`,
      perDevice((peakBytes - least.peakBytes) / 1e6, 'kB'),
    ]
  })
  return [
    '| devices | until the first round | a round of 100 devices, median (of tenths) | more for each device | most memory | more for each device |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows.map((cells) => `| ${cells.join(' | ')} |`),
    '',
  ].join('\n')
}
