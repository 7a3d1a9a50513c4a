import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { GateReport } from '@panal/client-core'
import { defaultChecks } from '../../server/src/gate/recorded/default-checks.ts'
import { recordedErrors } from '../../server/src/gate/recorded/recorded-error.ts'
import { readTracked } from './tracked-files.ts'
import { panalHere } from '../fixtures/panal-here.ts'

const page = readTracked('docs/evaluate.md')
const block = (language: string): string => new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(page)![1]!

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panal-evaluate-doc-'))
})
afterAll(() => rm(folder, { recursive: true }))

describe('docs/evaluate.md', () => {
  it('its example prints what the page says', async () => {
    const [make, judge] = block('sh').trimEnd().split('\n')
    expect(make).toBe('node make-predictions.mjs > predictions.csv')
    await writeFile(join(folder, 'make-predictions.mjs'), block('js'))
    const table = execFileSync(process.execPath, [join(folder, 'make-predictions.mjs')])
    await writeFile(join(folder, 'predictions.csv'), table)
    const args = judge!.split(' ').slice(2)
    const inFolder = args.map((arg) => (/\.(csv|json)$/.test(arg) ? join(folder, arg) : arg))
    const { code, out, err } = await panalHere(...inFolder)
    expect(err).toBe('')
    expect(out.trimEnd()).toBe(block('text').trimEnd())
    expect(page).toContain(`The exit code is ${code}:`)
    const report = JSON.parse(await readFile(join(folder, 'report.json'), 'utf8')) as GateReport
    expect(report.verdict).toBe('BLOCK')
  })
  it('lists each code, with its meaning and what to do, and no other', () => {
    const rows = page.matchAll(/^\| `([a-z-]+)`\s*\| (.+?)\s*\| (.{10,}?)\s*\|$/gm)
    expect(Object.fromEntries([...rows].map(([, code, meaning]) => [code, meaning]))).toEqual(recordedErrors)
  })
  it('names the checks that are made where nobody lists any', () => {
    const kinds = { numClasses: 2, hasChampion: true, hasAnchor: true, hasSegments: true, hasClients: true }
    const said = /^Without `--config`, all that apply: (.*)$/m.exec(page)![1]!
    const named = new Set(
      [...said.matchAll(/`([a-z-]+)`/g)].map(([, name]) => name).filter((name) => !name!.startsWith('--')),
    )
    expect(named).toEqual(new Set(defaultChecks(kinds).map(({ name }) => name)))
  })
})
