import { canonicalJson, DeviceId, Sha256, type Params } from '@panal/client-core'
import { Type, type Static } from 'typebox'
import Value from 'typebox/value'
import { AggregationError, type LinearRule, type UpdateSource } from '../strategy/strategy.ts'
import { addUpdate, emptySum, mergeSum, partsOf, type UpdateSum } from './exact-sum.ts'
import { resultOfSum, sumLength } from './linear.ts'

const CountedUpdate = Type.Object(
  { deviceId: DeviceId, sha256: Sha256, weight: Type.Number() },
  { additionalProperties: false },
)
/** An update that is in a sum: whose it is, which bytes, and what it weighs. */
export type CountedUpdate = Static<typeof CountedUpdate>

/**
 * What one aggregator made of the updates that it has seen, for another to add its own to. Sums never round, so that
 * whatever tree of aggregators a round's updates went through, its last one comes to the bytes of one that saw them all.
 */
export interface PartialAggregate {
  /** Name of the linear rule. */
  readonly rule: string
  /** Params of the model. */
  readonly size: number
  /** [rule.numSums · size + rule.numScalars] */
  readonly sum: UpdateSum
  /** What is in it, in order of device ids. Nothing counts twice. */
  readonly updates: readonly CountedUpdate[]
}

/**
 * Adds up what a source yields. Time O(n · numSums · size), memory 16 · numSums · size bytes whatever n is.
 * @param digests of the source's updates, by device
 * @throws AggregationError 'wrong-length' | 'out-of-range', what the source throws
 */
export async function partialAggregate(
  rule: LinearRule,
  updates: UpdateSource,
  digests: ReadonlyMap<string, string>,
): Promise<PartialAggregate> {
  const { size } = updates
  const sum = emptySum(sumLength(rule, size))
  const counted: CountedUpdate[] = []
  for await (const update of updates) {
    const { deviceId, weight, delta } = update
    const sha256 = digests.get(deviceId)
    if (sha256 === undefined) throw damaged(`the digest of an update is missing`)
    addUpdate(sum, delta, rule.summand(update))
    counted.push({ deviceId, sha256, weight })
  }
  return { rule: rule.name, size, sum, updates: inOrder(counted) }
}

/** Both together, as new numbers. @throws AggregationError 'counted-twice' | 'wrong-length' | 'out-of-range' */
export function mergedPartials(a: PartialAggregate, b: PartialAggregate): PartialAggregate {
  if (a.rule !== b.rule || a.size !== b.size)
    throw new AggregationError(
      'wrong-length',
      `partial aggregates of ${a.rule} with ${a.size} params and of ${b.rule} with ${b.size} are of different rounds`,
    )
  const sum = { ...a.sum, high: a.sum.high.slice(), low: a.sum.low.slice() }
  mergeSum(sum, b.sum)
  return { ...a, sum, updates: inOrder([...a.updates, ...b.updates]) }
}

/** The rule's result. [numSums · size] @throws AggregationError 'too-few' | 'zero-weight' | 'wrong-length' */
export function resultOfPartial(rule: LinearRule, { rule: name, size, sum }: PartialAggregate): Params {
  if (name !== rule.name || sum.high.length !== sumLength(rule, size))
    throw new AggregationError('wrong-length', `${rule.name}: given a partial aggregate of ${name}, ${size} params`)
  return resultOfSum(rule, sum)
}

const Header = Type.Object(
  {
    format: Type.Literal('panal-partial-1'),
    rule: Type.String({ minLength: 1, maxLength: 64 }),
    size: Type.Integer({ minimum: 1 }),
    length: Type.Integer({ minimum: 1 }),
    reach: Type.Integer({ minimum: 0 }),
    updates: Type.Array(CountedUpdate),
  },
  { additionalProperties: false },
)

const numberBytes = Float64Array.BYTES_PER_ELEMENT

/**
 * As bytes, to be sent on: the header's length (8 bytes, little endian), the header as canonical JSON, padded with spaces to
 * a multiple of 8, then both parts of the sums as little-endian float64. Same partial aggregate, same bytes.
 */
export function encodePartial({ rule, size, sum, updates }: PartialAggregate): Uint8Array {
  const { high, low, reach } = sum
  const text = canonicalJson({ format: 'panal-partial-1', rule, size, length: high.length, reach, updates })
  const header = new TextEncoder().encode(text)
  const headerBytes = Math.ceil(header.length / numberBytes) * numberBytes
  const bytes = new Uint8Array(numberBytes + headerBytes + 2 * numberBytes * high.length).fill(0x20, numberBytes)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerBytes), true)
  bytes.set(header, numberBytes)
  // little-endian, as every machine that Node runs on
  new Float64Array(bytes.buffer, numberBytes + headerBytes, high.length).set(high)
  new Float64Array(bytes.buffer, numberBytes + headerBytes + numberBytes * high.length, high.length).set(low)
  return bytes
}

/**
 * Takes nothing on trust: lengths before numbers, and each number one that a sum of so many updates can have.
 * @throws AggregationError 'damaged-partial'
 */
export function decodePartial(bytes: Uint8Array): PartialAggregate {
  const { header, from } = decodeHeader(bytes)
  const { rule, size, length, reach, updates } = header
  if (bytes.length - from !== 2 * numberBytes * length) throw damaged('it is cut off, or something follows it')
  const numbers = new Float64Array(2 * length)
  new Uint8Array(numbers.buffer).set(bytes.subarray(from))
  const sum = partsOf(numbers.subarray(0, length), numbers.subarray(length), { count: updates.length, reach })
  if (sum === undefined) throw damaged('a number is none that these updates can add up to')
  if (updates.some(({ deviceId }, i) => i > 0 && !(updates[i - 1]!.deviceId < deviceId)))
    throw damaged('its updates are not in order')
  return { rule, size, sum, updates }
}

function decodeHeader(bytes: Uint8Array): { readonly header: Static<typeof Header>; readonly from: number } {
  if (bytes.length < numberBytes) throw damaged('it has no header')
  const headerBytes = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true)
  if (headerBytes > BigInt(bytes.length - numberBytes)) throw damaged('its header is cut off')
  const from = numberBytes + Number(headerBytes)
  let header: unknown
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(numberBytes, from)))
  } catch (cause) {
    throw damaged('its header is no JSON', { cause })
  }
  if (!Value.Check(Header, header)) throw damaged('its header is none of this format')
  return { header, from }
}

/** @throws AggregationError 'counted-twice' */
function inOrder(updates: readonly CountedUpdate[]): readonly CountedUpdate[] {
  const sorted = updates.toSorted((a, b) => (a.deviceId < b.deviceId ? -1 : 1))
  if (sorted.some(({ deviceId }, i) => i > 0 && sorted[i - 1]!.deviceId === deviceId))
    throw new AggregationError('counted-twice', 'an update of one device would count twice in one round')
  return sorted
}

const damaged = (what: string, options?: ErrorOptions): AggregationError =>
  new AggregationError('damaged-partial', `a partial aggregate is damaged: ${what}`, options)
