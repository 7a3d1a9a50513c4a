/**
 * Chance as an argument. Streams with different seeds or labels are independent for every practical purpose;
 * the same seed and labels give the same numbers on every platform.
 */
export interface Rng {
  /** Uniform in [0, 1), 32 bits of resolution. */
  uniform(): number
  /** Standard normal: mean 0, standard deviation 1 (Box and Muller). */
  normal(): number
  /** An independent stream that depends on the seed and the label only, not on what was drawn before. */
  fork(label: string): Rng
}

/** xmur3-style string hash to 32 bits, continued from `seed`. */
function hash32(text: string, seed: number): number {
  let h = (seed ^ 0x9e3779b9 ^ text.length) >>> 0
  for (let i = 0; i < text.length; i++) {
    h = Math.imul(h ^ text.charCodeAt(i), 0xcc9e2d51)
    h = (h << 13) | (h >>> 19)
  }
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** Seeded generator: sfc32 (Chris Doty-Humphrey, PractRand), warmed up by 12 draws. */
export function makeRng(seed: number | string): Rng {
  const key = String(seed)
  let a = hash32(key, 1)
  let b = hash32(key, 2)
  let c = hash32(key, 3)
  let d = 1
  const next = (): number => {
    const t = (((a + b) | 0) + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (c << 21) | (c >>> 11)
    c = (c + t) | 0
    return (t >>> 0) / 0x100000000
  }
  for (let i = 0; i < 12; i++) next()
  return {
    uniform: next,
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    fork: (label) => makeRng(`${key}/${label}`),
  }
}

/** Integer in [0, below). */
export const uniformInt = (rng: Rng, below: number): number => Math.floor(rng.uniform() * below)

/** Fisher–Yates, in place; returns its argument. */
export function shuffle<T extends { [index: number]: unknown; length: number }>(items: T, rng: Rng): T {
  for (let i = items.length - 1; i > 0; i--) {
    const j = uniformInt(rng, i + 1)
    const held = items[i]
    items[i] = items[j]
    items[j] = held
  }
  return items
}
