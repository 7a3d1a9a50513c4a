import type { SelectionSteps } from '../selection.ts'
import { compensated, dims } from './shaders.ts'

/** Where each thread, one coordinate's, keeps its values while it sorts them. */
export interface SelectShape {
  /** Of a workgroup. */
  readonly threads: number
  /** Registers: a program without loops or addresses. Else the workgroup's memory, or where that is too small, the tile. */
  readonly place: 'registers' | 'workgroup' | 'tile'
}

/** A thread of today's GPUs has 255 registers; and compilers take more than twice as long for twice as many values. */
const maxInRegisters = 128

/** @param isLarge whether there is so much to sort that a program which takes a second to compile is worth it */
export function selectShape(
  count: number,
  { nearest }: SelectionSteps,
  { isLarge, maxWorkgroupBytes }: { readonly isLarge: boolean; readonly maxWorkgroupBytes: number },
): SelectShape {
  // which values are nearest is known only when they are sorted, and registers have no addresses
  if (isLarge && count <= maxInRegisters && nearest === 0) return { threads: 64, place: 'registers' }
  const threads = [32, 16, 8].find((each) => 4 * each * count <= maxWorkgroupBytes)
  return threads === undefined ? { threads: 32, place: 'tile' } : { threads, place: 'workgroup' }
}

/** WGSL lets a quotient be 2.5 units in the last place off; of one or two values there is no need. */
const divided = (num: number): string =>
  num === 1 ? 'sum.x + sum.y' : num === 2 ? '0.5 * (sum.x + sum.y)' : `(sum.x + sum.y) / ${num}.0`

/** The network written out, a value a name: it is read from nowhere, and nothing waits for memory but the first reads. */
export function registersShader({ threads }: SelectShape, count: number, steps: SelectionSteps): string {
  const sorted = Array.from({ length: count }, (_, k) => `v${k}`)
  const read = sorted.map((name, k) => `let ${name} = x[${k} * dims.stride + id.x];`)
  const exchanges = steps.network.map(([i, j], step) => {
    const [a, b] = [sorted[i]!, sorted[j]!]
    sorted[i] = `low${step}`
    sorted[j] = `high${step}`
    return `let low${step} = min(${a}, ${b}); let high${step} = max(${a}, ${b});`
  })
  const [first, ...others] = sorted.slice(steps.first, steps.last)
  return /* wgsl */ `
${dims}
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;
${compensated}

@compute @workgroup_size(${threads})
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= dims.stride) { return; }
  ${[...read, ...exchanges].join('\n  ')}
  var sum = vec2f(${first}, 0.0);
  ${others.map((value) => `sum = added(sum, ${value});`).join('\n  ')}
  out[id.x] = ${divided(1 + others.length)};
}
`
}

const addressing = ({ threads, place }: SelectShape, count: number): string =>
  place === 'workgroup'
    ? /* wgsl */ `
var<workgroup> column: array<f32, ${threads * count}>;
fn valueAt(k: u32, id: vec2u) -> f32 { return column[k * ${threads} + id.y]; }
fn put(k: u32, id: vec2u, value: f32) { column[k * ${threads} + id.y] = value; }
`
    : /* wgsl */ `
fn valueAt(k: u32, id: vec2u) -> f32 { return x[k * dims.stride + id.x]; }
fn put(k: u32, id: vec2u, value: f32) { x[k * dims.stride + id.x] = value; }
`

/**
 * Sorts the values of one coordinate in each thread by the network, whose pairs are the same for all, and writes the mean
 * of some of them: sorted values first to last − 1, or the `nearest` ones nearest the median (see Selection).
 */
export const selectShader = (
  shape: SelectShape,
  count: number,
  { first, last, nearest }: Pick<SelectionSteps, 'first' | 'last' | 'nearest'>,
): string => /* wgsl */ `
${dims}
@group(0) @binding(1) var<storage, read_write> x: array<f32>;
@group(0) @binding(2) var<storage, read> network: array<vec2u>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;
${addressing(shape, count)}
${compensated}

fn meanOf(first: u32, num: u32, id: vec2u) -> f32 {
  var sum = vec2f(valueAt(first, id), 0.0);
  for (var k = first + 1; k < first + num; k++) { sum = added(sum, valueAt(k, id)); }
  return ${divided(nearest === 0 ? last - first : nearest)};
}

fn nearestFrom(id: vec2u) -> u32 {
  var median = valueAt(${Math.floor(count / 2)}, id);
  ${count % 2 === 0 ? `median = 0.5 * valueAt(${count / 2 - 1}, id) + 0.5 * median;` : ''}
  var start = 0u;
  loop {
    if (start + ${nearest} >= ${count}) { break; }
    if (!(valueAt(start + ${nearest}, id) - median < median - valueAt(start, id))) { break; }
    start++;
  }
  return start;
}

@compute @workgroup_size(${shape.threads})
fn main(@builtin(global_invocation_id) global: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let id = vec2u(global.x, local.x);
  if (global.x >= dims.stride) { return; }
  ${shape.place === 'workgroup' ? `for (var k = 0u; k < ${count}; k++) { put(k, id, x[k * dims.stride + id.x]); }` : ''}
  for (var i = 0u; i < dims.numOut; i++) {
    let pair = network[i];
    let low = valueAt(pair.x, id);
    let high = valueAt(pair.y, id);
    put(pair.x, id, min(low, high));
    put(pair.y, id, max(low, high));
  }
  out[id.x] = ${nearest === 0 ? `meanOf(${first}, ${last - first}, id)` : `meanOf(nearestFrom(id), ${nearest}, id)`};
}
`
