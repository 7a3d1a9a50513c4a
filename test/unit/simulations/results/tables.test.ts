import { describe, expect, it } from '@jest/globals'
import { parquetReadObjects, parquetSchema, parquetMetadata } from 'hyparquet'
import { readCsv } from '@panal/client-core'
import { resultWriters, type RunRecord } from '@panal/simulations'
import { runRecords } from '../../../fixtures/run-records.ts'

const write = (format: 'csv' | 'parquet', runs: readonly RunRecord[] = runRecords) =>
  new Map(resultWriters[format].write(runs).map(({ path, bytes }) => [path, bytes]))
const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes)

describe('csv', () => {
  const files = write('csv')

  it('has a row for each round, empty where nothing was measured', () => {
    const rows = text(files.get('rounds.csv')).split('\n')
    expect(rows.slice(0, 3)).toEqual([
      'name,seed,round,simulated_ms,wall_ms,bytes_up,bytes_down,total_bytes,asked,updates,train_loss,loss,accuracy,phase_aggregate_ms,phase_train_ms',
      'avg,1,1,3600000,100,1000,2000,3000,,10,,,,20,60',
      'avg,1,2,7200000,200,1000,2000,6000,,10,0.5,0.8,0.2,20,60',
    ])
    // 6 + 5 + 4 rounds, the header, and the end of the last line; totals begin anew with each run.
    expect([rows.length, rows.at(-1)]).toEqual([17, ''])
    expect(rows[7]).toMatch(/^avg,2,1,3600000,100,1000,2000,3000,/)
  })
  it('quotes what needs it, so that a reader gets the name back', () => {
    const { header, rows } = readCsv(text(files.get('rounds.csv')))
    expect(rows[11]![header.indexOf('name')]).toBe('prox, "µ = 0.1" <b>')
  })
  it('has a row for each decile, and for each class on each device', () => {
    const deciles = text(files.get('deciles.csv')).split('\n')
    // 4 rounds of 11
    expect([deciles[0], deciles[1], deciles.length]).toEqual([
      'name,seed,round,metric,decile,value',
      '"prox, ""µ = 0.1"" <b>",1,1,accuracy,0,0',
      46,
    ])
    expect(text(files.get('partition.csv')).split('\n').slice(0, 5)).toEqual([
      'name,seed,device,class,examples',
      'avg,1,0,0,3',
      'avg,1,0,1,0',
      'avg,1,50,0,1',
      'avg,1,50,1,2',
    ])
  })
  it('leaves out tables that nothing was measured for', () => {
    const { partition: _, ...plain } = runRecords[0]!
    expect([...write('csv', [plain]).keys()]).toEqual(['rounds.csv'])
  })
})

describe('parquet', () => {
  it('has the tables of the CSV files, with types and nulls', async () => {
    const files = write('parquet')
    expect([...files.keys()]).toEqual(['rounds.parquet', 'deciles.parquet', 'partition.parquet'])
    const file = Uint8Array.from(files.get('rounds.parquet')!).buffer
    const types = parquetSchema(parquetMetadata(file)).children.map(({ element }) => [element.name, element.type])
    expect(Object.fromEntries(types)).toMatchObject({
      name: 'BYTE_ARRAY',
      round: 'INT64',
      bytes_up: 'INT64',
      loss: 'DOUBLE',
    })
    const rows = await parquetReadObjects({ file })
    expect(rows).toHaveLength(15)
    expect(rows[0]).toMatchObject({
      name: 'avg',
      seed: 1n,
      round: 1n,
      total_bytes: 3000n,
      train_loss: null,
      accuracy: null,
    })
    expect(rows[14]).toMatchObject({ name: 'prox, "µ = 0.1" <b>', round: 4n, total_bytes: 12_000n, accuracy: 0.2 })
  })
})

describe.each(Object.entries(resultWriters))('writer %s', (name, writer) => {
  it('is registered under its own name', () => {
    expect(writer.name).toBe(name)
  })
  it('gives the same bytes for the same runs', () => {
    expect(writer.write(runRecords)).toEqual(writer.write(structuredClone(runRecords)))
  })
  it('writes of a run that ended before its first round', () => {
    expect(writer.write([{ ...runRecords[0]!, rounds: [] }]).every(({ bytes }) => bytes.length > 0)).toBe(true)
  })
  it('refuses no runs', () => {
    expect(() => writer.write([])).toThrow(RangeError)
  })
  it('names files that lie below their folder', () => {
    const odd = ['..', '../../etc', '/tmp/x'].map((oddName) => ({ ...runRecords[0]!, name: oddName }))
    for (const { path } of writer.write(odd)) {
      expect(path.split('/')).not.toContain('..')
      expect(path).toMatch(/^[a-z]/)
    }
  })
})
