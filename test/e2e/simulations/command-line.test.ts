import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from '@jest/globals'

const panalSim = fileURLToPath(new URL('../../../simulations/bin/panal-sim.js', import.meta.url))
const runIn = (env: NodeJS.ProcessEnv, ...args: string[]) =>
  spawnSync(process.execPath, [panalSim, ...args], { encoding: 'utf8', env: { ...process.env, ...env } })
const run = (...args: string[]) => runIn({}, ...args)

it.each([
  [['demo', '--devices', '0'], 'must be a whole number from 1'],
  [['fleet'], "required option '--task <id>'"],
  [['demmo'], 'Did you mean demo?'],
])('panal-sim ends with 2 on a wrong command line, as panal does: %j', (args, why) => {
  const { status, stderr } = run(...args)
  expect(status).toBe(2)
  expect(stderr).toContain(why)
  expect(stderr.split('\n').length).toBeLessThanOrEqual(4)
})

it('panal-sim --help ends with 0, and says every exit code', () =>
  expect(run('--help')).toMatchObject({
    status: 0,
    stderr: '',
    stdout: expect.stringMatching(/Exit codes: 0 .*, 1 .*, 2 .*, 3 .*, 130 stopped\./),
  }))

it.each([
  [[], 'http://127.0.0.1:1'],
  [['--server', 'http://127.0.0.1:2'], 'http://127.0.0.1:2'],
])('panal-sim fleet finds its server as panal does: %j before PANAL_SERVER', (flags, server) => {
  const env = { PANAL_SERVER: 'http://127.0.0.1:1/' } // fetch refuses these two ports
  expect(runIn(env, 'fleet', '--task', 'digits', '--data', 'digits', ...flags)).toMatchObject({
    status: 1,
    stderr: `panal-sim: unreachable: no server answers at ${server}: name another with --server or PANAL_SERVER\n`,
  })
})
