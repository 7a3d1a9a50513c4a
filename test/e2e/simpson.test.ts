import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { panalHere } from '../fixtures/panal-here.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panal-simpson-'))
})
afterAll(() => rm(folder, { recursive: true }))

const run = (...args: string[]) => panalHere('simpson', ...args)

async function file(name: string, lines: readonly string[]): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, lines.join('\n'))
  return path
}

/** Hits and misses of the first group, then of the second, as rows with a count. */
const counted = (groups: readonly [string, string], strata: Readonly<Record<string, readonly number[]>>) =>
  Object.entries(strata).flatMap(([stratum, [a, b, c, d]]) => [
    `${stratum},${groups[0]},yes,${a}`,
    `${stratum},${groups[0]},no,${b}`,
    `${stratum},${groups[1]},yes,${c}`,
    `${stratum},${groups[1]},no,${d}`,
  ])

/** Bickel, Hammel and O'Connell 1975. */
const berkeley = () =>
  file('berkeley.csv', [
    'department,gender,admitted,n',
    ...counted(['M', 'F'], {
      A: [512, 313, 89, 19],
      B: [353, 207, 17, 8],
      C: [120, 205, 202, 391],
      D: [138, 279, 131, 244],
      E: [53, 138, 94, 299],
      F: [22, 351, 24, 317],
    }),
  ])
const ofBerkeley = ['--outcome', 'admitted=yes', '--group', 'gender', '--strata', 'department', '--count', 'n']

describe('panal simpson', () => {
  it('Berkeley 1973, in a process of its own and with no server: a strong reversal', async () => {
    const panal = fileURLToPath(new URL('../../server/bin/panal.js', import.meta.url))
    const child = spawn(process.execPath, [panal, 'simpson', '--data', await berkeley(), ...ofBerkeley, '--json'])
    const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
    expect([code, err]).toEqual([0, ''])
    // gate.md 4
    expect(JSON.parse(out)).toMatchObject({
      candidate: 'M',
      reference: 'F',
      aggregate: { estimate: expect.closeTo(0.141645, 6) },
      adjusted: { estimate: expect.closeTo(-0.042637, 6), se: expect.closeTo(0.018305, 6) },
      parts: { ratePart: expect.closeTo(-0.036028, 6), mixPart: expect.closeTo(0.177674, 6) },
      common: {
        oddsRatio: expect.closeTo(0.904697, 6),
        interval: [expect.closeTo(0.771907, 6), expect.closeTo(1.06033, 5)],
        cmh: expect.closeTo(1.524607, 6),
        p: expect.closeTo(0.216924, 6),
      },
      homogeneity: { statistic: expect.closeTo(18.825514, 5), df: 5, p: expect.closeTo(0.002071, 6) },
      isHeterogeneous: true,
      labels: ['REVERSAL_STRONG', 'MIX_SHIFT', 'MASKED'],
    })
  })
  it('says it in a table and in sentences', async () => {
    const { code, out } = await run('--data', await berkeley(), ...ofBerkeley)
    expect(code).toBe(0)
    expect(out).toMatch(/^A +512\/825 +62\.06 % +89\/108 +82\.41 % +−20\.35 pp +−28\.25 pp to −12\.44 pp$/m)
    expect(out).toMatch(/^all +1198\/2691 +44\.52 % +557\/1835 +30\.35 % +\+14\.16 pp /m)
    expect(out).toMatch(/^labels +REVERSAL_STRONG MIX_SHIFT MASKED HETEROGENEOUS$/m)
    expect(out).toContain('On the whole M has the higher rate, by 14.2 points; with the same mix of department')
    expect(out).toContain('M is worse beyond chance where department is A')
  })
  it('the other group first turns every sign', async () => {
    const args = ['--data', await berkeley(), ...ofBerkeley, '--json', '--group', 'gender=F']
    const { out } = await run(...args)
    expect(JSON.parse(out)).toMatchObject({
      candidate: 'F',
      reference: 'M',
      aggregate: { estimate: expect.closeTo(-0.141645, 6) },
      adjusted: { estimate: expect.closeTo(0.042637, 6) },
    })
  })
  it('kidney stones, one row a case: a weak reversal', async () => {
    const groups = counted(['open', 'keyhole'], { small: [81, 6, 234, 36], large: [192, 71, 55, 25] })
    const cases = groups.flatMap((row) => {
      const cells = row.split(',')
      return new Array<string>(Number(cells[3])).fill(cells.slice(0, 3).join(','))
    })
    const path = await file('kidney.csv', ['size,surgery,success', ...cases])
    const args = ['--data', path, '--outcome', 'success=yes', '--group', 'surgery', '--strata', 'size']
    // Charig et al. 1986; gate.md 4
    expect(JSON.parse((await run(...args, '--json')).out)).toMatchObject({
      aggregate: { estimate: expect.closeTo(0.78 - 0.825714, 6) },
      adjusted: { estimate: expect.closeTo(0.053671, 6), se: expect.closeTo(0.033586, 6) },
      common: { oddsRatio: expect.closeTo(1.446847, 6), cmh: expect.closeTo(2.433856, 6) },
      labels: ['REVERSAL_WEAK', 'MIX_SHIFT'],
      isHeterogeneous: false,
    })
    expect((await run(...args)).out).toContain('the total is no evidence either way')
  })
  it('says where nothing is hidden, and what was left out', async () => {
    const plain = counted(['a', 'b'], { x: [60, 40, 60, 40], y: [30, 70, 31, 69], lonely: [5, 5, 0, 0] })
    const path = await file('plain.csv', ['s,g,o,n', ...plain, ',a,yes,3'])
    const { code, out } = await run(
      '--data',
      path,
      '--outcome',
      'o=yes',
      '--group',
      'g',
      '--strata',
      's',
      '--count',
      'n',
    )
    expect(code).toBe(0)
    expect(out).toMatch(/^labels +NONE$/m)
    expect(out).toContain('nothing is hidden in the mix')
    expect(out).toContain('only one group has cases there: s lonely.')
    expect(out).toContain('3 cases are left out')
  })
})

describe('what it cannot do, it says, and what to do instead', () => {
  it.each([
    [
      'an unknown column lists the columns',
      ['--outcome', 'x=yes'],
      2,
      /unknown-column: .*"x"[^]*department\n {2}gender/,
    ],
    ['an unknown value lists the values', ['--outcome', 'admitted=si'], 2, /admitted=si[^]*yes\n {2}no/],
    [
      'more than two groups ask for one',
      ['--group', 'department', '--strata', 'gender'],
      2,
      /--group department=VALUE/,
    ],
    ['an outcome without a value', ['--outcome', 'admitted'], 2, /--outcome is COLUMN=VALUE/],
    ['a count that is none', ['--count', 'gender'], 2, /row 2: a count is a whole number/],
    ['a file that is not there', ['--data', 'nowhere.csv'], 2, /nowhere\.csv: no such file/],
  ] as const)('%s', async (_, change, expected, words) => {
    const { code, err } = await run('--data', await berkeley(), ...ofBerkeley, ...change)
    expect(code).toBe(expected)
    expect(err).toMatch(words)
  })
  it('a table that is none: every mistake with its row', async () => {
    const path = await file('broken.csv', ['a,b,b', '1,2,3', '4'])
    const { code, err } = await run('--data', path, ...ofBerkeley)
    expect(code).toBe(2)
    expect(err).toMatch(/invalid-dataset: .*broken\.csv[^]*column b: there is more than one[^]*row 3: 1 values/)
  })
  it('strata that never have both groups', async () => {
    const path = await file('apart.csv', ['s,g,o', 'x,a,yes', 'y,b,no'])
    const { code, err } = await run('--data', path, '--outcome', 'o=yes', '--group', 'g', '--strata', 's')
    expect([code, err]).toEqual([1, expect.stringContaining('no value of s has cases of both groups, a and b')])
  })
})
