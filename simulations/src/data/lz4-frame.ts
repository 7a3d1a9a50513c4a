const magic = 0x184d2204
/** Also what a damaged size field could make us fill. */
const maxBytes = 2 ** 31

/**
 * An LZ4 frame, blocks linked or not; checksums are skipped. Written here because packages decode single blocks, and Arrow files
 * hold frames. Source: lz4/doc/lz4_Frame_format.md and lz4_Block_format.md
 * @throws RangeError where the bytes are no such frame
 */
export function decodeLz4Frame(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.getUint32(0, true) !== magic) throw new RangeError('it is no LZ4 frame')
  const flags = view.getUint8(4)
  if (flags >> 6 !== 1) throw new RangeError(`LZ4 frame of version ${flags >> 6}`)
  const [hasBlockChecksums, hasContentSize, hasDictionary] = [0x10, 0x08, 0x01].map((bit) => (flags & bit) !== 0)
  if (hasDictionary === true) throw new RangeError('LZ4 frame with a dictionary')
  const out = new Output(hasContentSize === true ? Number(view.getBigUint64(6, true)) : 4 * bytes.length)
  let at = hasContentSize === true ? 15 : 7
  for (;;) {
    const header = view.getUint32(at, true)
    at += 4
    if (header === 0) return out.bytes
    const [isStored, size] = [header >>> 31 === 1, header & 0x7fffffff]
    if (at + size > bytes.length) throw new RangeError('LZ4 frame ends within a block')
    const block = bytes.subarray(at, at + size)
    if (isStored) out.append(block)
    else decodeBlock(block, out)
    at += size + (hasBlockChecksums === true ? 4 : 0)
  }
}

/** Grows as it must. Matches reach back over blocks, for it is one array. */
class Output {
  #held: Uint8Array
  #length = 0

  constructor(expected: number) {
    if (expected > maxBytes) throw new RangeError(`LZ4 frame of ${expected} bytes`)
    this.#held = new Uint8Array(Math.max(expected, 64))
  }

  get bytes(): Uint8Array {
    return this.#held.subarray(0, this.#length)
  }

  append(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#held.set(bytes, this.#length)
    this.#length += bytes.length
  }

  /** Copies what was written `offset` bytes ago; what it copies may have been copied just now. */
  repeat(offset: number, length: number): void {
    if (offset === 0 || offset > this.#length) throw new RangeError(`LZ4 match ${offset} bytes before the beginning`)
    this.#reserve(length)
    const held = this.#held
    const end = this.#length + length
    for (let to = this.#length; to < end; to++) held[to] = held[to - offset]!
    this.#length = end
  }

  #reserve(more: number): void {
    const needed = this.#length + more
    if (needed > maxBytes) throw new RangeError('LZ4 frame of over 2 GiB')
    if (needed <= this.#held.length) return
    const larger = new Uint8Array(Math.max(needed, 2 * this.#held.length))
    larger.set(this.bytes)
    this.#held = larger
  }
}

function decodeBlock(block: Uint8Array, out: Output): void {
  let at = 0
  const next = (): number => {
    const byte = block[at++]
    if (byte === undefined) throw new RangeError('LZ4 block ends within a sequence')
    return byte
  }
  const lengthFrom = (nibble: number): number => {
    let length = nibble
    if (nibble === 15)
      for (let more = 255; more === 255;) {
        more = next()
        length += more
      }
    return length
  }
  while (at < block.length) {
    const token = next()
    const numLiterals = lengthFrom(token >> 4)
    if (at + numLiterals > block.length) throw new RangeError('LZ4 block ends within its literals')
    out.append(block.subarray(at, at + numLiterals))
    at += numLiterals
    // The last sequence has literals only.
    if (at === block.length) return
    const offset = next() | (next() << 8)
    out.repeat(offset, 4 + lengthFrom(token & 15))
  }
}
