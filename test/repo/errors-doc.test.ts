import { readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { errorCodes } from '@panal/client-core'

const text = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8')

/** The rows of every table on the page: | `code` | status | meaning | what to do | */
const documented = text
  .split('\n')
  .map((line) => /^\| `([^`]+)`\s*\| (\d+)\s*\| (.+?)\s*\| (.+?)\s*\|$/.exec(line))
  .filter((match) => match !== null)
  .map(([, code = '', status, meaning = '', advice = '']) => ({ code, status: Number(status), meaning, advice }))

describe('docs/errors.md', () => {
  it('[P21] lists each code of the closed table once, and no other', () => {
    expect(documented.map(({ code }) => code).sort()).toEqual(Object.keys(errorCodes).sort())
  })

  it('gives each code the status and the meaning it has', () => {
    const rows = Object.fromEntries(documented.map(({ code, status, meaning }) => [code, { status, meaning }]))
    expect(rows).toEqual(errorCodes)
  })

  it('says of each code what to do', () => {
    expect(documented.filter(({ advice }) => advice.length < 10)).toEqual([])
  })
})
