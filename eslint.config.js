import js from '@eslint/js'
import { createNodeResolver, importX } from 'eslint-plugin-import-x'
import reactHooks from 'eslint-plugin-react-hooks'
import globals from 'globals'
import tseslint from 'typescript-eslint'

/** Who may import whom: docs/architecture.md. `test` may import all. */
const mayImport = {
  'client-core': [],
  server: ['client-core'],
  'client-web': ['client-core'],
  simulations: ['client-core', 'server'],
}
const parts = [...Object.keys(mayImport), 'test']
const zones = Object.entries(mayImport).map(([part, allowed]) => ({
  target: `./${part}`,
  from: parts.filter((other) => other !== part && !allowed.includes(other)).map((other) => `./${other}`),
  message: `${part} may import ${allowed.length === 0 ? 'no other part' : `only ${allowed.join(', ')}`}`,
}))

const typeScript = ['**/*.ts', '**/*.tsx']

export default tseslint.config(
  // server/assembly is AssemblyScript: its types are none of TypeScript's, and its compiler checks them.
  { ignores: ['**/dist/', '**/node_modules/', '.panal/', 'coverage/', 'server/assembly/*.ts'] },
  // A rule that is in the way is discussed here, not switched off on the spot.
  { linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    files: typeScript,
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/prefer-nullish-coalescing': 'error',
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // An index that a loop's bounds prove is not a null that somebody forgot: noUncheckedIndexedAccess sees no bounds.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/require-await': 'off',
      // Marked as deprecated only to stand out: a provider on this machine, as in the tests, has no certificate.
      '@typescript-eslint/no-deprecated': [
        'error',
        { allow: [{ from: 'package', package: 'openid-client', name: 'allowInsecureRequests' }] },
      ],
      // An AbortSignal's reason is unknown by its type, and the right thing to reject with.
      '@typescript-eslint/prefer-promise-reject-errors': ['error', { allowThrowingUnknown: true }],
      eqeqeq: 'error',
    },
  },
  {
    files: ['**/*.{ts,tsx,js,mjs}'],
    plugins: { 'import-x': importX },
    settings: {
      'import-x/resolver-next': [createNodeResolver({ extensions: ['.ts', '.tsx', '.mjs', '.js', '.json'] })],
    },
    rules: {
      'import-x/no-restricted-paths': ['error', { basePath: import.meta.dirname, zones }],
      'import-x/no-self-import': 'error',
      'import-x/no-duplicates': ['error', { 'prefer-inline': true }],
    },
  },
  {
    files: typeScript,
    ignores: ['client-core/src/model/rng.ts', 'client-core/src/device/clock.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'Chance is an argument: take an Rng.' },
        { object: 'Date', property: 'now', message: 'Time is an argument: take a Clock.' },
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector: "NewExpression[callee.name='Date'][arguments.length=0]",
          message: 'Time is an argument: take a Clock.',
        },
      ],
    },
  },
  {
    files: ['client-web/**/*.{ts,tsx}'],
    plugins: { 'react-hooks': reactHooks },
    rules: reactHooks.configs.recommended.rules,
  },
  {
    // What a matcher is given is looked at by the matcher.
    files: ['test/**/*.ts', 'test/**/*.tsx'],
    rules: { '@typescript-eslint/unbound-method': 'off', '@typescript-eslint/no-unsafe-assignment': 'off' },
  },
  { files: ['**/*.js', '**/*.mjs'], languageOptions: { globals: globals.node } },
  // Root configuration in TypeScript belongs to no project.
  {
    files: ['*.ts'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { parserOptions: { projectService: false } },
  },
)
