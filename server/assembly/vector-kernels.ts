/**
 * The inner loops of the wasm vector engine, in AssemblyScript: TypeScript's syntax, WebAssembly's types. Compiled by
 * build.mjs into src/vector/wasm/kernels.generated.ts.
 *
 * A tile is `count` rows of float32, `stride` bytes apart. Addresses are multiples of 16, lengths multiples of 4 (the
 * caller pads rows with zeros). Sums are float64, added in row order: same rows, same bytes.
 */

/** Params that are summed before the next rows are read: their float64 sums stay in the first-level caches. */
const sumBlock: i32 = 8192
/** Params of all rows whose distances are taken before the next: 200 rows of them stay in the second-level cache. */
const distanceBlock: i32 = 512

/** 1 if every value is finite, else 0: infinite and NaN values times zero are NaN. `numBytes` is a multiple of 64. */
export function finite(x: usize, numBytes: usize): i32 {
  const zero = f32x4.splat(0)
  let a = zero
  let b = zero
  let c = zero
  let d = zero
  const end = x + numBytes
  for (; x < end; x += 64) {
    a = f32x4.add(a, f32x4.mul(v128.load(x), zero))
    b = f32x4.add(b, f32x4.mul(v128.load(x, 16), zero))
    c = f32x4.add(c, f32x4.mul(v128.load(x, 32), zero))
    d = f32x4.add(d, f32x4.mul(v128.load(x, 48), zero))
  }
  const sum = f32x4.add(f32x4.add(a, b), f32x4.add(c, d))
  return v128.any_true(f32x4.ne(sum, zero)) ? 0 : 1
}

/** out = Σ weights[k] · row k / divisor. `sums` is room for sumBlock float64 numbers. */
export function weightedSum(
  x: usize,
  stride: usize,
  count: i32,
  length: i32,
  weights: usize,
  divisor: f64,
  out: usize,
  sums: usize,
): void {
  for (let start = 0; start < length; start += sumBlock) {
    const num = min(sumBlock, length - start)
    const offset = (<usize>start) << 2
    memory.fill(sums, 0, (<usize>num) << 3)
    addRows(x + offset, stride, count, num, weights, sums)
    divide(sums, num, divisor, out + offset)
  }
}

/**
 * sums += Σ weights[k] · row k, in row order, so that rows may come a few at a time. `sums` is as many float64 numbers as a
 * row has params.
 */
export function addRows(x: usize, stride: usize, count: i32, length: i32, weights: usize, sums: usize): void {
  let k = 0
  for (; k + 4 <= count; k += 4) {
    addFour(sums, length, x, stride, weights)
    x += stride << 2
    weights += 32
  }
  for (; k < count; k++) {
    addOne(sums, length, x, load<f64>(weights))
    x += stride
    weights += 8
  }
}

function addFour(sums: usize, num: i32, x0: usize, stride: usize, weights: usize): void {
  const w0 = f64x2.splat(load<f64>(weights))
  const w1 = f64x2.splat(load<f64>(weights, 8))
  const w2 = f64x2.splat(load<f64>(weights, 16))
  const w3 = f64x2.splat(load<f64>(weights, 24))
  const x1 = x0 + stride
  const x2 = x1 + stride
  const x3 = x2 + stride
  const end = (<usize>num) << 2
  for (let at: usize = 0; at < end; at += 16) {
    const sum = sums + (at << 1)
    let low = v128.load(sum)
    let high = v128.load(sum, 16)
    low = f64x2.add(low, f64x2.mul(w0, f64x2.promote_low_f32x4(v128.load64_zero(x0 + at))))
    high = f64x2.add(high, f64x2.mul(w0, f64x2.promote_low_f32x4(v128.load64_zero(x0 + at, 8))))
    low = f64x2.add(low, f64x2.mul(w1, f64x2.promote_low_f32x4(v128.load64_zero(x1 + at))))
    high = f64x2.add(high, f64x2.mul(w1, f64x2.promote_low_f32x4(v128.load64_zero(x1 + at, 8))))
    low = f64x2.add(low, f64x2.mul(w2, f64x2.promote_low_f32x4(v128.load64_zero(x2 + at))))
    high = f64x2.add(high, f64x2.mul(w2, f64x2.promote_low_f32x4(v128.load64_zero(x2 + at, 8))))
    low = f64x2.add(low, f64x2.mul(w3, f64x2.promote_low_f32x4(v128.load64_zero(x3 + at))))
    high = f64x2.add(high, f64x2.mul(w3, f64x2.promote_low_f32x4(v128.load64_zero(x3 + at, 8))))
    v128.store(sum, low)
    v128.store(sum, high, 16)
  }
}

function addOne(sums: usize, num: i32, x: usize, weight: f64): void {
  const w = f64x2.splat(weight)
  const end = (<usize>num) << 2
  for (let at: usize = 0; at < end; at += 16) {
    const sum = sums + (at << 1)
    const value = v128.load(x + at)
    v128.store(sum, f64x2.add(v128.load(sum), f64x2.mul(w, f64x2.promote_low_f32x4(value))))
    v128.store(sum, f64x2.add(v128.load(sum, 16), f64x2.mul(w, f64x2.promote_low_f32x4(upper(value)))), 16)
  }
}

function upper(value: v128): v128 {
  return v128.shuffle<i64>(value, value, 1, 1)
}

/** out = sums / divisor. */
export function divide(sums: usize, num: i32, divisor: f64, out: usize): void {
  const by = f64x2.splat(divisor)
  const end = (<usize>num) << 2
  for (let at: usize = 0; at < end; at += 16) {
    const sum = sums + (at << 1)
    const low = f32x4.demote_f64x2_zero(f64x2.div(v128.load(sum), by))
    const high = f32x4.demote_f64x2_zero(f64x2.div(v128.load(sum, 16), by))
    v128.store(out + at, v128.shuffle<i64>(low, high, 0, 2))
  }
}

/** Adds to each of the count × count float64 numbers at `distances` above the diagonal Σ (row i − row j)². */
export function squaredDistances(x: usize, stride: usize, count: i32, length: i32, distances: usize): void {
  const last = count - 1
  for (let start = 0; start < length; start += distanceBlock) {
    const numBytes = (<usize>min(distanceBlock, length - start)) << 2
    const block = x + ((<usize>start) << 2)
    for (let i = 0; i < last; i += 2) {
      for (let j = i + 1; j < count; j += 4) twoByFour(block, stride, numBytes, i, j, count, distances)
    }
  }
}

/** Rows i and i + 1 against rows j ≥ i + 1 to j + 3. Rows beyond the last are read as the last, and not written. */
function twoByFour(rows: usize, stride: usize, numBytes: usize, i: i32, j: i32, count: i32, distances: usize): void {
  const last = count - 1
  const a0 = rows + <usize>i * stride
  const a1 = a0 + stride
  const b0 = rows + <usize>j * stride
  const b1 = rows + <usize>min(j + 1, last) * stride
  const b2 = rows + <usize>min(j + 2, last) * stride
  const b3 = rows + <usize>min(j + 3, last) * stride
  let s00 = f64x2.splat(0)
  let s01 = s00
  let s02 = s00
  let s03 = s00
  let s10 = s00
  let s11 = s00
  let s12 = s00
  let s13 = s00
  for (let at: usize = 0; at < numBytes; at += 8) {
    const p = f64x2.promote_low_f32x4(v128.load64_zero(a0 + at))
    const q = f64x2.promote_low_f32x4(v128.load64_zero(a1 + at))
    let r = f64x2.promote_low_f32x4(v128.load64_zero(b0 + at))
    s00 = addSquare(s00, f64x2.sub(p, r))
    s10 = addSquare(s10, f64x2.sub(q, r))
    r = f64x2.promote_low_f32x4(v128.load64_zero(b1 + at))
    s01 = addSquare(s01, f64x2.sub(p, r))
    s11 = addSquare(s11, f64x2.sub(q, r))
    r = f64x2.promote_low_f32x4(v128.load64_zero(b2 + at))
    s02 = addSquare(s02, f64x2.sub(p, r))
    s12 = addSquare(s12, f64x2.sub(q, r))
    r = f64x2.promote_low_f32x4(v128.load64_zero(b3 + at))
    s03 = addSquare(s03, f64x2.sub(p, r))
    s13 = addSquare(s13, f64x2.sub(q, r))
  }
  const row = distances + <usize>(i * count + j) * 8
  const next = row + <usize>count * 8
  const num = count - j
  addSum(row, s00)
  if (num > 1) addSum(row + 8, s01)
  if (num > 2) addSum(row + 16, s02)
  if (num > 3) addSum(row + 24, s03)
  if (j > i + 1) addSum(next, s10)
  if (num > 1) addSum(next + 8, s11)
  if (num > 2) addSum(next + 16, s12)
  if (num > 3) addSum(next + 24, s13)
}

function addSquare(sum: v128, difference: v128): v128 {
  return f64x2.add(sum, f64x2.mul(difference, difference))
}

function addSum(at: usize, sum: v128): void {
  store<f64>(at, load<f64>(at) + (f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1)))
}

/** Params that are sorted together: four registers, one cache line of each row. */
const sortBlock: i32 = 16

/**
 * Sorts each coordinate's `count` values by the network, pairs of byte offsets into `column` (room for count × sortBlock
 * values), and writes one number for each coordinate: the mean of the sorted values `first` to `last − 1` or, where
 * `nearest` is not 0, of the `nearest` of them that are nearest the median; of two equally near the lower. `x` has room
 * for rows whose length is a multiple of sortBlock.
 */
export function select(
  x: usize,
  stride: usize,
  count: i32,
  length: i32,
  network: usize,
  networkEnd: usize,
  first: i32,
  last: i32,
  nearest: i32,
  column: usize,
  out: usize,
): void {
  for (let start = 0; start < length; start += sortBlock) {
    let row = x + ((<usize>start) << 2)
    let into = column
    for (let k = 0; k < count; k++) {
      v128.store(into, v128.load(row))
      v128.store(into, v128.load(row, 16), 16)
      v128.store(into, v128.load(row, 32), 32)
      v128.store(into, v128.load(row, 48), 48)
      row += stride
      into += 64
    }
    sortColumn(column, network, networkEnd)
    const result = out + ((<usize>start) << 2)
    if (nearest === 0) meanBetween(column, first, last, result)
    else for (let lane: usize = 0; lane < 64; lane += 4) meanNearest(column + lane, count, nearest, result + lane)
  }
}

function sortColumn(column: usize, network: usize, networkEnd: usize): void {
  for (; network < networkEnd; network += 8) {
    const low = column + load<u32>(network)
    const high = column + load<u32>(network, 4)
    let a = v128.load(low)
    let b = v128.load(high)
    v128.store(low, f32x4.pmin(a, b))
    v128.store(high, f32x4.pmax(a, b))
    a = v128.load(low, 16)
    b = v128.load(high, 16)
    v128.store(low, f32x4.pmin(a, b), 16)
    v128.store(high, f32x4.pmax(a, b), 16)
    a = v128.load(low, 32)
    b = v128.load(high, 32)
    v128.store(low, f32x4.pmin(a, b), 32)
    v128.store(high, f32x4.pmax(a, b), 32)
    a = v128.load(low, 48)
    b = v128.load(high, 48)
    v128.store(low, f32x4.pmin(a, b), 48)
    v128.store(high, f32x4.pmax(a, b), 48)
  }
}

function meanBetween(column: usize, first: i32, last: i32, out: usize): void {
  const by = f64x2.splat(<f64>(last - first))
  for (let lane: usize = 0; lane < 64; lane += 16) {
    let low = f64x2.splat(0)
    let high = low
    for (let k = first; k < last; k++) {
      const value = v128.load(column + ((<usize>k) << 6) + lane)
      low = f64x2.add(low, f64x2.promote_low_f32x4(value))
      high = f64x2.add(high, f64x2.promote_low_f32x4(upper(value)))
    }
    low = f32x4.demote_f64x2_zero(f64x2.div(low, by))
    high = f32x4.demote_f64x2_zero(f64x2.div(high, by))
    v128.store(out + lane, v128.shuffle<i64>(low, high, 0, 2))
  }
}

/** Of one coordinate, whose sorted values are 64 bytes apart. Compared in float32, as every engine does. */
function meanNearest(column: usize, count: i32, nearest: i32, out: usize): void {
  const middle = count >> 1
  let median = valueAt(column, middle)
  if ((count & 1) === 0) median = <f32>0.5 * valueAt(column, middle - 1) + <f32>0.5 * median
  let from = 0
  while (from + nearest < count && valueAt(column, from + nearest) - median < median - valueAt(column, from)) from++
  let sum: f64 = 0
  for (let k = from; k < from + nearest; k++) sum += <f64>valueAt(column, k)
  store<f32>(out, <f32>(sum / <f64>nearest))
}

function valueAt(column: usize, k: i32): f32 {
  return load<f32>(column + ((<usize>k) << 6))
}
