/**
 * Parts a zstd body at the ends of its frames (RFC 8878, 3.1). `zlib` decodes a chunk up to the end of a
 * frame and drops the rest of it without a word, but goes on with the next frame at the next chunk.
 *
 * A frame is *magic* → *header* → blocks (*block header* → *data*) → *checksum*; a skippable one is *magic* →
 * *size* → *data*. What is neither is passed on, for the decoder to refuse.
 */
import { Transform, type TransformCallback } from 'node:stream'

type Step = 'magic' | 'size' | 'descriptor' | 'header' | 'block' | 'data' | 'checksum' | 'unknown'

const frameMagic = 0xfd2fb528
const skippableMagic = 0x184d2a50
/** Frames of a few bytes would otherwise keep the process busy without reaching any limit. */
const framesMax = 1_000
const bytesPerFrame = 256

/** Each chunk that leaves ends at the latest where a frame does. */
export class ZstdFrames extends Transform {
  #step: Step = 'magic'
  /** Bytes of this step that are still to come. */
  #left = 4
  #field: number[] = []
  #hasChecksum = false
  #isLastBlock = false
  #frames = 0
  #bytes = 0

  constructor() {
    // Chunks are not joined on the way to the decoder.
    super({ readableObjectMode: true })
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    let start = 0
    this.#bytes += chunk.length
    for (let at = 0; at < chunk.length; ) {
      const end = Math.min(chunk.length, at + this.#left)
      if (this.#step !== 'data' && this.#step !== 'unknown') this.#field.push(...chunk.subarray(at, end))
      this.#left -= end - at
      at = end
      if (this.#left > 0 || !this.#advance()) continue
      this.push(chunk.subarray(start, at))
      start = at
      this.#frames += 1
      if (this.#frames > framesMax + this.#bytes / bytesPerFrame) {
        done(Object.assign(new RangeError('too many zstd frames'), { code: 'ZSTD_error_frames' }))
        return
      }
    }
    if (start < chunk.length) this.push(chunk.subarray(start))
    done()
  }

  /** Goes to the next step with bytes to come. Returns whether a frame has ended. */
  #advance(): boolean {
    let hasEnded = false
    do hasEnded = this.#next(Buffer.from(this.#field.splice(0))) || hasEnded
    while (this.#left === 0)
    return hasEnded
  }

  #next(field: Buffer): boolean {
    switch (this.#step) {
      case 'magic': {
        const magic = field.readUInt32LE()
        if (magic === frameMagic) return this.#go('descriptor', 1)
        const isSkippable = (magic & 0xfffffff0) >>> 0 === skippableMagic
        return isSkippable ? this.#go('size', 4) : this.#go('unknown', Number.POSITIVE_INFINITY)
      }
      case 'size':
        this.#isLastBlock = true
        this.#hasChecksum = false
        return this.#go('data', field.readUInt32LE())
      case 'descriptor': {
        const [descriptor = 0] = field
        this.#hasChecksum = (descriptor & 4) !== 0
        return this.#go('header', headerSize(descriptor))
      }
      case 'header':
        return this.#go('block', 3)
      case 'block': {
        const block = field.readUIntLE(0, 3)
        this.#isLastBlock = (block & 1) === 1
        // One byte that is repeated, whatever the size says.
        return this.#go('data', ((block >> 1) & 3) === 1 ? 1 : block >> 3)
      }
      case 'data':
        if (!this.#isLastBlock) return this.#go('block', 3)
        return this.#hasChecksum ? this.#go('checksum', 4) : this.#end()
      case 'checksum':
        return this.#end()
      case 'unknown':
        return false
    }
  }

  #go(step: Step, bytes: number): false {
    this.#step = step
    this.#left = bytes
    return false
  }

  #end(): true {
    this.#go('magic', 4)
    return true
  }
}

/** Bytes between the descriptor and the first block (RFC 8878, 3.1.1.1). */
function headerSize(descriptor: number): number {
  const isSingleSegment = (descriptor & 0x20) !== 0
  const contentSize = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0
  return (isSingleSegment ? 0 : 1) + ([0, 1, 2, 4][descriptor & 3] ?? 0) + contentSize
}
