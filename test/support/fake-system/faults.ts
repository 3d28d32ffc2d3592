/** Faults of a fake system: added and cleared at any time, decided by seeded randomness. */
import type { Fault } from './options.ts'

interface ArmedFault {
  readonly fault: Fault
  readonly path: RegExp | undefined
  left: number
}

export class Faults {
  readonly #armed: ArmedFault[] = []
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1
  }

  get any(): boolean {
    return this.#armed.length > 0
  }

  add(fault: Fault): void {
    this.#armed.push({
      fault,
      path: fault.path === undefined ? undefined : new RegExp(fault.path),
      left: fault.times ?? Number.POSITIVE_INFINITY,
    })
  }

  clear(): void {
    this.#armed.length = 0
  }

  /** Returns the fault of this request, if any. */
  strike(method: string, path: string): Fault | undefined {
    for (const armed of this.#armed) {
      const { fault } = armed
      if (armed.left <= 0 || (fault.method !== undefined && fault.method !== method)) continue
      if (armed.path !== undefined && !armed.path.test(path)) continue
      if (fault.chance !== undefined && this.#next() >= fault.chance) continue
      armed.left -= 1
      return fault
    }
    return undefined
  }

  /** [0, 1), xorshift. */
  #next(): number {
    let x = this.#state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#state = x >>> 0
    return this.#state / 4_294_967_296
  }
}
