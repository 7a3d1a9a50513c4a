/**
 * The kernels in WGSL. A tile is `count` rows of float32, `stride` values apart, of which the first `length` count; the
 * rest are zeros. Sums carry the error of each addition along (Knuth's TwoSum), because a GPU has no float64.
 */

/** What every kernel is told. `zero` is 0, which no compiler knows. */
export const dims = /* wgsl */ `
struct Dims { count: u32, stride: u32, length: u32, numOut: u32, zero: u32 }
@group(0) @binding(0) var<uniform> dims: Dims;
`

/**
 * A sum and what rounding has taken from it. WGSL lets a compiler fuse and reorder, and by the algebra of real numbers the
 * error is zero: NVIDIA's drops it. So each step goes through bits that only the uniform says are left as they are.
 */
export const compensated = /* wgsl */ `
fn rounded(value: f32) -> f32 { return bitcast<f32>(bitcast<u32>(value) ^ dims.zero); }

fn added(sum: vec2f, value: f32) -> vec2f {
  let next = rounded(sum.x + value);
  let part = rounded(next - sum.x);
  let lost = rounded(sum.x - rounded(next - part));
  return vec2f(next, sum.y + (lost + (value - part)));
}
`

export const finiteThreads = 256
export const maxFiniteGroups = 2048

/** Sets the flag if a value's exponent is that of NaN and infinity. By its bits: a shader may assume that there are none. */
export const finiteShader = /* wgsl */ `
${dims}
@group(0) @binding(1) var<storage, read> bits: array<u32>;
@group(0) @binding(2) var<storage, read_write> flag: atomic<u32>;

@compute @workgroup_size(${finiteThreads})
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  var found = false;
  for (var i = id.x; i < dims.count * dims.stride; i += groups.x * ${finiteThreads}) {
    found = found || (bits[i] & 0x7f800000u) == 0x7f800000u;
  }
  if (found) { atomicOr(&flag, 1u); }
}
`

export const scaleThreads = 64

/** x = scales[k] · x in row k. A scale is two floats, the second what rounding left of the first. */
export const scaleShader = /* wgsl */ `
${dims}
@group(0) @binding(1) var<storage, read_write> x: array<f32>;
@group(0) @binding(2) var<storage, read> scales: array<vec2f>;

@compute @workgroup_size(${scaleThreads})
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= dims.stride) { return; }
  let i = id.y * dims.stride + id.x;
  let scale = scales[id.y];
  x[i] = fma(x[i], scale.x, x[i] * scale.y);
}
`

export const combineThreads = 64

/**
 * out[r] = Σ weights[r, k] · row k, for \`perThread\` new rows r in each thread. A weight is two floats, the second what
 * rounding left of the first. Error: the product's own rounding where \`fma\` is not fused, 2⁻²⁴ Σ |w·x|, and that of the
 * result; what K additions lose is added back.
 */
export const combineShader = (perThread: number): string => /* wgsl */ `
${dims}
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> weights: array<vec2f>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;
${compensated}

@compute @workgroup_size(${combineThreads})
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= dims.stride) { return; }
  let first = id.y * ${perThread};
  var sums: array<vec2f, ${perThread}>;
  for (var k = 0u; k < dims.count; k++) {
    let value = x[k * dims.stride + id.x];
    for (var r = 0u; r < ${perThread}; r++) {
      let weight = weights[min(first + r, dims.numOut - 1) * dims.count + k];
      let product = rounded(value * weight.x);
      sums[r] = added(sums[r], product);
      sums[r].y += fma(value, weight.x, -product) + value * weight.y;
    }
  }
  for (var r = 0u; r < ${perThread}; r++) {
    if (first + r < dims.numOut) { out[(first + r) * dims.stride + id.x] = sums[r].x + sums[r].y; }
  }
}
`

/** Rows of a block of pairs, params in a workgroup's memory at once, pairs per thread and side, params per workgroup. */
export const pairBlock = 32
const pairStep = 32
const perSide = 4
export const pairChunk = 1024
const pairThreads = pairBlock / perSide

/**
 * Partial sums of squared differences: of one block of 32 × 32 pairs over one chunk of params. Four squares are added
 * plainly, two such sums become one, those are added with their errors. All are positive, so that a pair's error is at most
 * that of a difference, twice, of its square, of four additions and of two partial sums: 9 · 2⁻²⁴ = 5.4e-7 of the whole.
 */
export const distanceShader = /* wgsl */ `
${dims}
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> blocks: array<vec2u>;
@group(0) @binding(3) var<storage, read_write> partial: array<f32>;
${compensated}
var<workgroup> a: array<f32, ${pairStep * (pairBlock + 1)}>;
var<workgroup> b: array<f32, ${pairStep * (pairBlock + 1)}>;

fn valueAt(row: u32, param: u32) -> f32 {
  return select(0.0, x[min(row, dims.count - 1) * dims.stride + min(param, dims.stride - 1)], param < dims.stride);
}

@compute @workgroup_size(${pairThreads}, ${pairThreads})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) thread: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let block = blocks[group.y] * ${pairBlock};
  var sums: array<vec2f, ${perSide * perSide}>;
  for (var step = 0u; step < ${pairChunk}; step += ${pairStep}) {
    let start = group.x * ${pairChunk} + step;
    workgroupBarrier();
    for (var i = index; i < ${pairStep * pairBlock}; i += ${pairThreads * pairThreads}) {
      let param = i % ${pairStep};
      let row = i / ${pairStep};
      a[param * ${pairBlock + 1} + row] = valueAt(block.x + row, start + param);
      b[param * ${pairBlock + 1} + row] = valueAt(block.y + row, start + param);
    }
    workgroupBarrier();
    for (var eight = 0u; eight < ${pairStep}; eight += 8u) {
      ${sidePairs((i, j) => `var first${i}${j} = 0.0;`)}
      ${fourSquares('first', 0)}
      ${sidePairs((i, j) => `var second${i}${j} = 0.0;`)}
      ${fourSquares('second', 4)}
      ${sidePairs((i, j) => `sums[${i * perSide + j}] = added(sums[${i * perSide + j}], first${i}${j} + second${i}${j});`)}
    }
  }
  let base = (group.y * groups.x + group.x) * ${pairBlock * pairBlock};
  ${sidePairs((i, j) => `partial[base + (thread.y * ${perSide} + ${i}) * ${pairBlock} + thread.x * ${perSide} + ${j}] = sums[${i * perSide + j}].x + sums[${i * perSide + j}].y;`)}
}
`

function fourSquares(sum: string, from: number): string {
  return /* wgsl */ `for (var param = eight + ${from}; param < eight + ${from + 4}; param++) {
        let ai = param * ${pairBlock + 1} + thread.y * ${perSide};
        let bi = param * ${pairBlock + 1} + thread.x * ${perSide};
        ${sidePairs((i, j) => `let d${i}${j} = a[ai + ${i}] - b[bi + ${j}]; ${sum}${i}${j} += d${i}${j} * d${i}${j};`)}
      }`
}

function sidePairs(line: (i: number, j: number) => string): string {
  const sides = Array.from({ length: perSide }, (_, i) => i)
  return sides.flatMap((i) => sides.map((j) => line(i, j))).join('\n        ')
}

export const reduceThreads = 64

/** Adds the chunks' partial sums to each pair's total, chunk after chunk; \`numOut\` is the number of chunks. */
export const reduceShader = /* wgsl */ `
${dims}
@group(0) @binding(1) var<storage, read> partial: array<f32>;
@group(0) @binding(2) var<storage, read_write> totals: array<vec2f>;
${compensated}

@compute @workgroup_size(${reduceThreads})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let pair = id.x % ${pairBlock * pairBlock};
  let block = id.x / ${pairBlock * pairBlock};
  var total = totals[id.x];
  for (var chunk = 0u; chunk < dims.numOut; chunk++) {
    total = added(total, partial[(block * dims.numOut + chunk) * ${pairBlock * pairBlock} + pair]);
  }
  totals[id.x] = total;
}
`
