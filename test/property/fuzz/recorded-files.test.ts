import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { judgeRecorded } from '../../../server/src/gate/recorded/judge-recorded.ts'
import { openRecorded } from '../../../server/src/gate/recorded/recorded-evaluation.ts'
import { RecordedError } from '../../../server/src/gate/recorded/recorded-error.ts'
import { openTableFile } from '../../../server/src/gate/recorded/table-file.ts'
import { damagedBytes, fuzzSeed, share } from '../../fixtures/fuzz.ts'
import { drawn, writeCsv, writeParquet } from '../../fixtures/recorded-files.ts'
import { reportErrors } from '../../fixtures/report-errors.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panal-recorded-'))
})
afterAll(() => rm(folder, { recursive: true }))

const signal = new AbortController().signal
const request = {
  name: 'fuzz',
  columns: { label: 'label', positive: '1', candidate: 'p_new', champion: 'p_old', client: 'client' },
  segments: ['job'],
  seed: 1,
}

/** What recorded predictions come to: a report by its schema, or a refusal with a code; anything else is thrown. */
async function outcomeOf(path: string): Promise<'judged' | 'refused'> {
  try {
    const recorded = await openRecorded(await openTableFile(path), request)
    const report = await judgeRecorded(
      recorded,
      [{ name: 'pin' }, { name: 'negative-flips' }, { name: 'floor', metric: 'accuracy', min: 0 }],
      { signal },
    )
    expect(reportErrors(JSON.parse(JSON.stringify(report)))).toEqual([])
    return 'judged'
  } catch (error) {
    if (!(error instanceof RecordedError)) throw error
    return 'refused'
  }
}

describe.each([
  ['csv', writeCsv],
  ['parquet', writeParquet],
] as const)('a damaged %s file', (ending, write) => {
  it('is judged by what it says, or refused with a code', async () => {
    const good = join(folder, `good.${ending}`)
    await write(good, drawn({ n: 40 }))
    expect(await outcomeOf(good)).toBe('judged')
    const damaged = join(folder, `damaged.${ending}`)
    const seen = new Set<string>()
    const damages = fc.asyncProperty(damagedBytes(await readFile(good)), async (bytes) => {
      await writeFile(damaged, bytes)
      seen.add(await outcomeOf(damaged))
    })
    await fc.assert(damages, { numRuns: share(0.05), seed: fuzzSeed })
    expect(seen).toContain('refused')
  })
})
