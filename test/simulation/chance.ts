/** Seeded randomness, the only source of it in a simulation. */
export class Chance {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
    // The first numbers of neighbouring seeds are similar; a few steps separate them.
    for (let i = 0; i < 4; i += 1) this.next()
  }

  /** [0, 1), by mulberry32. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }

  /** True with probability `p`. */
  of(p: number): boolean {
    return this.next() < p
  }

  /** An integer between the bounds, both included. */
  int(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1))
  }

  pick<T>(items: readonly [T, ...T[]] | readonly T[]): T {
    const item = items[Math.floor(this.next() * items.length)]
    if (item === undefined) throw new RangeError('nothing to pick from')
    return item
  }

  shuffle<T>(items: readonly T[]): T[] {
    const copy = [...items]
    for (let i = copy.length - 1; i > 0; i -= 1) {
      const j = this.int(0, i)
      const a = copy[i] as T
      copy[i] = copy[j] as T
      copy[j] = a
    }
    return copy
  }

  hex(digits: number): string {
    let text = ''
    while (text.length < digits)
      text += Math.floor(this.next() * 0x1_0000_0000)
        .toString(16)
        .padStart(8, '0')
    return text.slice(0, digits)
  }

  /** UUID v7 of a virtual time. */
  uuid(now: number): string {
    const time = now.toString(16).padStart(12, '0')
    const variant = '89ab'[this.int(0, 3)]
    return `${time.slice(0, 8)}-${time.slice(8)}-7${this.hex(3)}-${variant}${this.hex(3)}-${this.hex(12)}`
  }
}
