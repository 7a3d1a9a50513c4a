import { isIP } from 'node:net'
import { Ajv } from 'ajv'
import { Type, type Static } from 'typebox'
import { oidcProblems } from './auth/oidc-settings.ts'
import { roles } from './auth/role.ts'
import { failpointPattern, failpoints } from './failpoint.ts'
import { defaultMaxHeldBytes } from './strategy/strategy.ts'
import type { EngineSetting } from './vector/engines.ts'

/** One setting: its environment variable and flag follow from its name, its default and help from its schema. */
export interface Setting {
  readonly name: keyof Config
  readonly env: string
  readonly flag: string
  readonly fallback: string
  readonly help: string
}

const engineSettings = ['auto', 'wasm', 'webgpu', 'tfjs'] as const satisfies readonly EngineSetting[]

const Origin = Type.String({ pattern: '^https?://[a-zA-Z0-9.:\\[\\]-]+$' })
const Ms = (description: string, fallback: number) =>
  Type.Integer({ minimum: 1, maximum: 86_400_000, default: fallback, description })

/** THE table. `--help`, the environment, the checks and docs/configuration.md all come from it. */
export const Config = Type.Object(
  {
    host: Type.String({ minLength: 1, default: '127.0.0.1', description: 'address to listen on; 0.0.0.0 for all' }),
    port: Type.Integer({ minimum: 0, maximum: 65535, default: 8080, description: 'port to listen on; 0 takes any' }),
    data: Type.String({ minLength: 1, default: './panal-data', description: 'directory that holds all of the state' }),
    publicUrl: Type.String({
      pattern: '^$|^https?://[a-zA-Z0-9.:\\[\\]-]+/?$',
      default: '',
      description: 'address under which people reach the server, if not the one it listens on',
    }),
    allowedOrigins: Type.Array(Origin, {
      default: [],
      description: 'further origins whose pages may use this server, separated by commas',
    }),
    trustProxy: Type.Array(Type.String(), {
      default: [],
      description: 'addresses or CIDR ranges of proxies whose X-Forwarded-For is believed, separated by commas',
    }),
    logLevel: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
      default: 'info',
      description: 'least level that is logged: fatal, error, warn, info, debug, trace or silent',
    }),
    otlpEndpoint: Type.String({
      pattern: '^$|^https?://[a-zA-Z0-9.:\\[\\]-]+(/[a-zA-Z0-9._~/-]*)?$',
      default: '',
      description:
        'OpenTelemetry collector (OTLP over HTTP) that gets a trace of each round; also OTEL_EXPORTER_OTLP_ENDPOINT',
    }),
    diskReserveBytes: Type.Integer({
      minimum: 0,
      maximum: 2 ** 50,
      default: 256 * 2 ** 20,
      description: 'free space of the data directory below which updates are told to come back, in bytes',
    }),
    maxUploads: Type.Integer({
      minimum: 1,
      maximum: 100_000,
      default: 1000,
      description: 'updates and datasets received at the same time; further ones are told to come back',
    }),
    maxSpoolBytes: Type.Integer({
      minimum: 1,
      maximum: 2 ** 49,
      default: 2 ** 36,
      description: 'most space that all updates of rounds may take together, in bytes',
    }),
    maxHeldBytes: Type.Integer({
      minimum: 1,
      maximum: 2 ** 49,
      default: defaultMaxHeldBytes,
      description:
        'most memory for the updates of a round whose rule needs them all at once and cannot read them where they lie, in bytes',
    }),
    vectorEngine: Type.Enum([...engineSettings], {
      default: 'auto',
      description:
        'what works on all updates of a round at once: wasm, webgpu, tfjs, or auto, the fastest as measured here',
    }),
    maxSockets: Type.Integer({
      minimum: 1,
      maximum: 1_000_000,
      default: 20_000,
      description: 'control connections open at the same time; further ones are refused',
    }),
    maxStrangersPerNetwork: Type.Integer({
      minimum: 1,
      maximum: 1_000_000,
      default: 1000,
      description:
        'of these, connections from one network (IPv4 /24, IPv6 /56) that no device has joined with, such as pages that look on',
    }),
    maxDatasetBytes: Type.Integer({
      minimum: 1,
      maximum: 2 ** 40,
      default: 2 ** 30,
      description: 'largest dataset that may be uploaded, in bytes',
    }),
    blobCacheBytes: Type.Integer({
      minimum: 0,
      maximum: 2 ** 36,
      default: 64 * 2 ** 20,
      description: 'memory for weights that are being served, in bytes; 0 serves from disk only',
    }),
    enrolmentsPerMinute: Type.Integer({
      minimum: 1,
      maximum: 1_000_000,
      default: 6000,
      description: 'new devices per minute from one network (IPv4 /24, IPv6 /56)',
    }),
    networkRequestsPerMinute: Type.Integer({
      minimum: 1,
      maximum: 100_000_000,
      default: 120_000,
      description:
        'requests per minute from one network (IPv4 /24, IPv6 /56), those of devices in their own name apart',
    }),
    deviceRequestsPerMinute: Type.Integer({
      minimum: 1,
      maximum: 1_000_000,
      default: 6000,
      description: 'requests per minute from one device in its own name, such as uploads',
    }),
    enrolmentsPerDay: Type.Integer({
      minimum: 1,
      maximum: 1_000_000_000,
      default: 20_000,
      description: 'new devices per day from one network',
    }),
    enrolmentWorkBits: Type.Integer({
      minimum: 0,
      maximum: 22,
      default: 10,
      description: 'work that a new device of an open task does: 2 to the power of this many hashes; 0 asks for none',
    }),
    signInsPerMinute: Type.Integer({
      minimum: 1,
      maximum: 1_000_000,
      default: 30,
      description: 'attempts to sign in per minute from one network',
    }),
    sessionMs: Ms('a session ends so long after its sign-in, whatever is done meanwhile', 12 * 3_600_000),
    sessionIdleMs: Ms('a session ends after so long without a request', 3_600_000),
    promotionPeople: Type.Integer({
      minimum: 1,
      maximum: 2,
      default: 1,
      description: 'people who must agree before a champion is moved by hand; with 2, one asks and another approves',
    }),
    metrics: Type.Enum(['people', 'public'], {
      default: 'people',
      description: 'who may read /metrics: people (with a session or an API token of any role) or public',
    }),
    oidcIssuer: Type.String({
      pattern: '^$|^https?://[^\\s?#]+$',
      default: '',
      description: 'OpenID Connect provider through which people may sign in, by its issuer address',
    }),
    oidcClientId: Type.String({ default: '', description: 'what the provider calls this server' }),
    oidcClientSecretFile: Type.String({
      default: '',
      description: 'file that holds the secret shared with the provider; none for a public client',
    }),
    oidcEmailDomains: Type.Array(Type.String({ pattern: '^[a-zA-Z0-9.-]+$' }), {
      default: [],
      description: 'whoever has a verified e-mail address in one of these domains is let in, separated by commas',
    }),
    oidcDomainRole: Type.Enum([...roles], {
      default: 'viewer',
      description: 'role of whoever is let in by their domain, at first: viewer, auditor, operator or owner',
    }),
    oidcRoleClaim: Type.String({ minLength: 1, default: 'groups', description: 'claim that --oidc-roles reads' }),
    oidcRoles: Type.Array(Type.String(), {
      default: [],
      description: 'value=role for values of that claim, separated by commas; read anew at each sign-in',
    }),
    connectionTimeoutMs: Ms(
      'a connection that has not sent its headers, or stays silent, for this long is closed',
      10_000,
    ),
    requestTimeoutMs: Ms('longest time for a small request to arrive', 30_000),
    uploadIdleMs: Ms('an upload that brings no byte for this long is cut; the device resumes it', 30_000),
    uploadTimeoutMs: Ms('longest time for one request of an upload; the device resumes it', 900_000),
    drainMs: Ms('longest time that a stopping server waits for uploads in flight', 10_000),
    keptRounds: Type.Integer({
      minimum: 0,
      maximum: 1_000_000,
      default: 1,
      description: 'closed rounds of each task whose updates are kept, to be replayed; 0 deletes them at once',
    }),
    failpoint: Type.String({
      pattern: failpointPattern,
      default: '',
      description: 'for tests: name:nth kills the server at the nth passage of that point of a round',
    }),
  },
  { additionalProperties: false },
)
export type Config = Static<typeof Config>

const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()
const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

/** Variables that other programs know, for the settings that mean the same. Ours wins. */
const sharedEnv: Readonly<Partial<Record<keyof Config, string>>> = { otlpEndpoint: 'OTEL_EXPORTER_OTLP_ENDPOINT' }

/** What a row of the table says, as plain JSON Schema. */
interface Row {
  readonly type?: string
  readonly default: unknown
  readonly description: string
  readonly minimum?: number
  readonly maximum?: number
  readonly pattern?: string
  readonly enum?: readonly string[]
}
const table = JSON.parse(JSON.stringify(Config.properties)) as Record<keyof Config, Row>

/** The table, row by row, as `--help` and the documentation show it. */
export const settings: readonly Setting[] = Object.entries(table).map(([name, row]) => ({
  name: name as keyof Config,
  env: `PANAL_${snake(name)}`,
  flag: `--${kebab(name)}`,
  fallback: Array.isArray(row.default) ? row.default.join(',') : String(row.default),
  help: row.description,
}))

const isValid = new Ajv({ allErrors: true, strict: true }).compile<Config>(Config)

export type Loaded =
  { readonly ok: true; readonly config: Config } | { readonly ok: false; readonly problems: string[] }

/**
 * Flags win over the environment, the environment over the defaults; an empty value counts as none. Reports every
 * problem at once, each naming the flag or variable it came from.
 */
export function loadConfig(sources: {
  readonly flags: Readonly<Partial<Record<string, string>>>
  readonly env: Readonly<Partial<Record<string, string>>>
}): Loaded {
  const values: Record<string, unknown> = {}
  const origins: Record<string, string> = {}
  for (const { name, env, flag, fallback } of settings) {
    const shared = sharedEnv[name] ?? env
    const given = [
      [flag, sources.flags[name]],
      [env, sources.env[env]],
      [shared, sources.env[shared]],
    ].find(([, text]) => text !== undefined && text !== '')
    const [origin, text] = given ?? ['default', fallback]
    values[name] = parse(table[name], text ?? fallback)
    origins[name] = `${origin ?? ''} ${JSON.stringify(text)}`
  }
  const problems = isValid(values) ? [] : describe(origins)
  for (const range of (values['trustProxy'] as string[]).filter((each) => !isAddressRange(each)))
    problems.push(`${origins['trustProxy'] ?? ''}: ${JSON.stringify(range)} is not an address or CIDR range`)
  if (problems.length === 0) problems.push(...oidcProblems(values as Config))
  return problems.length === 0 ? { ok: true, config: values as Config } : { ok: false, problems }
}

/** Text as the setting's schema means it; what does not parse stays text, for the schema to refuse. */
function parse({ type }: Row, text: string): unknown {
  if (type === 'integer') return /^-?\d{1,15}$/.test(text) ? Number(text) : text
  if (type === 'array')
    return text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '')
  return text
}

function describe(origins: Readonly<Record<string, string>>): string[] {
  const lines = new Map<string, string>()
  for (const { instancePath } of isValid.errors ?? []) {
    const name = instancePath.split('/')[1] ?? ''
    lines.set(name, `${origins[name] ?? name}: must be ${expectation(table[name as keyof Config])}`)
  }
  return [...lines.values()]
}

function expectation({ type, minimum, maximum, description, pattern, enum: choices }: Row): string {
  if (type === 'integer') return `a whole number from ${String(minimum)} to ${String(maximum)} (${description})`
  if (type === 'array') return `separated by commas (${description})`
  if (choices !== undefined) return `one of ${choices.join(', ')}`
  if (pattern === failpointPattern) return `name:nth, with one of ${failpoints.join(', ')}`
  return `an address like https://panal.example.org (${description})`
}

function isAddressRange(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/')
  const family = isIP(address)
  if (family === 0 || rest.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
}
