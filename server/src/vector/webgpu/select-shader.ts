import type { SelectionSteps } from '../selection.ts'
import { compensated, dims } from './shaders.ts'

/** Threads of a workgroup, one coordinate each: as many as have room for their values in the workgroup's memory. */
export interface SelectShape {
  readonly threads: number
  /** Whether the values are sorted in the workgroup's own memory; otherwise in place, in the tile. */
  readonly isLocal: boolean
}

export function selectShape(count: number, maxWorkgroupBytes: number): SelectShape {
  const threads = [32, 16, 8].find((each) => 4 * each * count <= maxWorkgroupBytes)
  return threads === undefined ? { threads: 32, isLocal: false } : { threads, isLocal: true }
}

const addressing = ({ threads, isLocal }: SelectShape, count: number): string =>
  isLocal
    ? /* wgsl */ `
var<workgroup> column: array<f32, ${threads * count}>;
fn valueAt(k: u32, id: vec2u) -> f32 { return column[k * ${threads} + id.y]; }
fn put(k: u32, id: vec2u, value: f32) { column[k * ${threads} + id.y] = value; }
`
    : /* wgsl */ `
fn valueAt(k: u32, id: vec2u) -> f32 { return x[k * dims.stride + id.x]; }
fn put(k: u32, id: vec2u, value: f32) { x[k * dims.stride + id.x] = value; }
`

/** WGSL lets a quotient be 2.5 units in the last place off; of one or two values there is no need. */
const divided = (num: number): string =>
  num === 1 ? 'sum.x + sum.y' : num === 2 ? '0.5 * (sum.x + sum.y)' : `(sum.x + sum.y) / ${num}.0`

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
  ${shape.isLocal ? `for (var k = 0u; k < ${count}; k++) { put(k, id, x[k * dims.stride + id.x]); }` : ''}
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
