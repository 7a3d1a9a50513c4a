/** All projects run TypeScript as ES modules; run-jest.mjs gives Node the flag that this needs. */
const common = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts', '.tsx'],
  moduleFileExtensions: ['ts', 'tsx', 'mjs', 'js', 'json', 'node'],
  transform: {
    '\\.tsx?$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', tsx: true },
          transform: { react: { runtime: 'automatic' } },
        },
      },
    ],
  },
  modulePathIgnorePatterns: ['<rootDir>/\\.panal/', '<rootDir>/[^/]+/dist/'],
}

const files = (...names) => names.map((name) => `<rootDir>/test/${name}.test.ts`)

/** A quarter of a minute and more each: simulated statistics, convolutions in JavaScript, files damaged at every page, models of ten million params, a GPU in software. */
const long = files(
  'contracts/large-models.contract',
  'property/server/gate/bootstrap.property',
  'property/server/gate/clusters.property',
  'property/server/gate/small-sets.property',
  'unit/simulations/adversary/on-a-trained-task',
  'unit/simulations/engine/blocked-images',
  'unit/simulations/experiment/attacked-run',
  'unit/simulations/engine/sequences',
  'unit/server/store/damage',
  'unit/simulations/engine/compiled-trainer',
  'unit/simulations/tasks/prepared-tasks',
  'unit/server/gate/row-order',
  'unit/server/gate/calibrate/drift',
  'unit/server/gate/statistics/slice-line',
  'property/server/gate/no-regression.property',
  'property/server/gate/segments.property',
  'e2e/gate-calibrate',
  'e2e/evaluate',
  'e2e/server/round/engines',
  'e2e/server/round/kept-context',
  'e2e/simulations/experiment',
  'e2e/simulations/memory',
  'e2e/simulations/published',
)

const under = (...folders) => folders.map((folder) => `<rootDir>/test/${folder}/**/*.test.{ts,tsx}`)

/** Devices and servers that are killed, and crowds, for minutes: for the night as well. */
const faults = ['faults', 'e2e/faults']

/** What a browser, a whole demo or the machine's speed is needed for: nothing else runs beside them. */
const alone = {
  folders: ['e2e/client-web', 'e2e/simulations'],
  files: files('e2e/server/http/slow-clients'),
}

export default {
  projects: [
    {
      ...common,
      displayName: 'unit',
      testMatch: under('unit', 'contracts', 'property', 'repo'),
      testPathIgnorePatterns: long,
    },
    { ...common, displayName: 'long', testMatch: long },
    {
      ...common,
      displayName: 'e2e',
      testMatch: under('e2e'),
      testPathIgnorePatterns: [
        ...[...alone.folders, ...faults].map((folder) => `<rootDir>/test/${folder}/`),
        ...alone.files,
        ...long,
      ],
    },
    {
      ...common,
      displayName: 'alone',
      testMatch: [...under(...alone.folders), ...alone.files],
      testPathIgnorePatterns: long,
      globalSetup: '<rootDir>/test/ready-browser.mjs',
    },
    { ...common, displayName: 'faults', testMatch: under(...faults), globalSetup: '<rootDir>/test/compile-server.mjs' },
  ],
  testTimeout: 30_000,
  // Node keeps what a file's modules leave behind: after a hundred files a worker holds gigabytes, and collects them all along.
  workerIdleMemoryLimit: '1GB',
  // Of a file's concurrent tests: those of the fault matrix wait for processes of their own.
  maxConcurrency: 3,
}
