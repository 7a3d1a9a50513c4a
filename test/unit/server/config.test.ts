import { readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { loadConfig, settings } from '@panal/server'
import { configurationPage } from '../../../server/src/configuration-page.ts'

const problemsOf = (flags: Record<string, string>, env: Record<string, string> = {}): string[] => {
  const loaded = loadConfig({ flags, env })
  return loaded.ok ? [] : loaded.problems
}

describe('loadConfig', () => {
  it('has a good value for every setting without being told any', () => {
    const loaded = loadConfig({ flags: {}, env: {} })
    expect(loaded).toMatchObject({ ok: true, config: { host: '127.0.0.1', port: 8080, data: './panal-data' } })
    expect(Object.keys(loaded.ok ? loaded.config : {}).sort()).toEqual(settings.map(({ name }) => name).sort())
  })

  it('lets a flag win over the environment, the environment over the default, and an empty value count as none', () => {
    const env = { PANAL_PORT: '9001', PANAL_HOST: '0.0.0.0', PANAL_LOG_LEVEL: '' }
    expect(loadConfig({ flags: { port: '9002' }, env })).toMatchObject({
      config: { port: 9002, host: '0.0.0.0', logLevel: 'info' },
    })
  })

  it('takes the collector that other programs use, unless it is given one of its own', () => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/' }
    expect(loadConfig({ flags: {}, env })).toMatchObject({ config: { otlpEndpoint: 'http://collector:4318/' } })
    const own = { ...env, PANAL_OTLP_ENDPOINT: 'https://traces.example/otlp' }
    expect(loadConfig({ flags: {}, env: own })).toMatchObject({
      config: { otlpEndpoint: 'https://traces.example/otlp' },
    })
    expect(problemsOf({}, { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector' })).toEqual([
      expect.stringContaining('OTEL_EXPORTER_OTLP_ENDPOINT "collector": must be an address'),
    ])
  })

  it('reads lists at their commas', () => {
    const flags = { allowedOrigins: 'https://a.example, http://b.example:8080', trustProxy: '10.0.0.0/8,::1' }
    expect(loadConfig({ flags, env: {} })).toMatchObject({
      config: {
        allowedOrigins: ['https://a.example', 'http://b.example:8080'],
        trustProxy: ['10.0.0.0/8', '::1'],
      },
    })
  })

  it('reports every problem at once, each with the flag or variable it came from', () => {
    const problems = problemsOf(
      { port: '65536', trustProxy: '10.0.0.0/33' },
      { PANAL_LOG_LEVEL: 'loud', PANAL_DRAIN_MS: '1.5', PANAL_ALLOWED_ORIGINS: 'example.org' },
    )
    expect(problems).toHaveLength(5)
    for (const start of ['--port "65536"', '--trust-proxy', 'PANAL_LOG_LEVEL "loud"', 'PANAL_DRAIN_MS "1.5"'])
      expect(problems).toContainEqual(expect.stringContaining(start))
    expect(problems).toContainEqual(
      expect.stringMatching(/^PANAL_ALLOWED_ORIGINS "example.org": must be separated by commas/),
    )
  })

  it.each(['', ' 80', '0x50', '8e1', '80.0', '-1', 'NaN', '9'.repeat(20)])('takes no %j for a port', (port) => {
    const given = port === '' ? ' ' : port
    expect(problemsOf({ port: given })).toEqual([expect.stringContaining('a whole number from 0 to 65535')])
  })
})

describe('the table of settings', () => {
  it('is what docs/configuration.md shows', () => {
    const page = readFileSync(new URL('../../../docs/configuration.md', import.meta.url), 'utf8')
    expect(page).toBe(configurationPage())
  })

  it('names the variable and the flag of a setting alike', () => {
    expect(settings).toContainEqual(
      expect.objectContaining({ name: 'maxDatasetBytes', env: 'PANAL_MAX_DATASET_BYTES', flag: '--max-dataset-bytes' }),
    )
  })
})
