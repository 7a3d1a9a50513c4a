/**
 * Runs the tests: `node test/run-jest.mjs [jest options] [path patterns]`, `--selectProjects
 * unit|e2e|alone|long|faults` for some; without it unit, e2e, and then alone, so that nothing else is busy while browsers are tested. Ends with the
 * line `N passed, N failed`; the exit code is jest's own, and a whole run that finds no test fails.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { softwareGpu } from './software-gpu.mjs'

const jest = join(dirname(createRequire(import.meta.url).resolve('jest/package.json')), 'bin/jest.js')
const workers = { unit: 2, e2e: 2, alone: 1, long: 2, faults: 1 }
const nodeOptions = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning']

const { projects, rest } = readArguments(process.argv.slice(2))
const patterns = rest.filter((arg) => !arg.startsWith('-'))

const folder = mkdtempSync(join(tmpdir(), 'panal-jest-'))
const gpu = softwareGpu(folder)
const totals = { passed: 0, failed: 0, skipped: 0 }
let exitCode = 0
try {
  for (const project of projects) exitCode = runProject(project) || exitCode
} finally {
  rmSync(folder, { recursive: true, force: true })
}
if (totals.passed + totals.failed === 0 && patterns.length === 0) {
  console.error('No test was run.')
  exitCode ||= 1
}
const skipped = totals.skipped > 0 ? `, ${totals.skipped} skipped` : ''
console.log(`${totals.passed} passed, ${totals.failed} failed${skipped}`)
process.exitCode = exitCode

function runProject(project) {
  const outputFile = join(folder, `${project}.json`)
  const options = [`--maxWorkers=${workers[project]}`, '--passWithNoTests', '--json', `--outputFile=${outputFile}`]
  const run = spawnSync(process.execPath, [...nodeOptions, jest, '--selectProjects', project, ...options, ...rest], {
    stdio: ['inherit', 'ignore', 'inherit'],
    env: { ...process.env, ...gpu, NODE_OPTIONS: [process.env.NODE_OPTIONS, ...nodeOptions].filter(Boolean).join(' ') },
  })
  count(outputFile)
  return run.status ?? 1
}

/** A suite that could not even be loaded is one failure: its tests were never counted. */
function count(outputFile) {
  let result
  try {
    result = JSON.parse(readFileSync(outputFile, 'utf8'))
  } catch {
    totals.failed += 1
    return
  }
  totals.passed += result.numPassedTests
  totals.failed += result.numFailedTests + result.numRuntimeErrorTestSuites
  totals.skipped += result.numPendingTests + result.numTodoTests
}

/** Which projects: as asked, else those that the path patterns can match, else all. */
function readArguments(args) {
  const at = args.indexOf('--selectProjects')
  if (at >= 0) {
    const asked = args.slice(at + 1).findIndex((arg) => !(arg in workers))
    const end = asked < 0 ? args.length : at + 1 + asked
    return { projects: args.slice(at + 1, end), rest: [...args.slice(0, at), ...args.slice(end)] }
  }
  const paths = args.filter((arg) => !arg.startsWith('-'))
  const allMatch = (pattern) => paths.length > 0 && paths.every((path) => pattern.test(path))
  if (allMatch(/^(\.\/)?test\/e2e\b/)) return { projects: ['e2e', 'alone', 'long', 'faults'], rest: args }
  if (allMatch(/^(\.\/)?test\/(unit|contracts|property|repo)\b/)) return { projects: ['unit', 'long'], rest: args }
  return { projects: ['unit', 'e2e', 'alone'], rest: args }
}
