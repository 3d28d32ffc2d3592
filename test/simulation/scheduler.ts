/**
 * Virtual time: events in one queue, fired one at a time, each followed by every promise it settles.
 *
 * Nothing else drives the code under test, so a seed determines the whole run. `setImmediate` is only used to let Node empty its microtask queue; no
 * real time passes.
 */
import { createHash } from 'node:crypto'

interface Timer {
  readonly time: number
  readonly order: number
  readonly fire: () => void
}

export class Scheduler {
  /** Virtual epoch milliseconds. */
  now: number
  /** Events fired so far. */
  fired = 0
  readonly #heap: Timer[] = []
  readonly #deferred: (() => void)[] = []
  readonly #hash = createHash('sha256')
  readonly #lines: string[] | undefined
  #order = 0

  constructor(start: number, options: { readonly keepTrace?: boolean } = {}) {
    this.now = start
    this.#lines = options.keepTrace ? [] : undefined
  }

  at(time: number, fire: () => void): void {
    this.#push({ time: Math.max(time, this.now), order: this.#order++, fire })
  }

  after(ms: number, fire: () => void): void {
    this.at(this.now + Math.max(0, ms), fire)
  }

  /** After the current event and its microtasks, before any timer. */
  defer(task: () => void): void {
    this.#deferred.push(task)
  }

  /** Adds a line to the run's trace, whose hash must be equal when the seed runs again. */
  note(line: string): void {
    this.#hash.update(line)
    this.#hash.update('\n')
    this.#lines?.push(`${String(this.now - 1e12).padStart(8)} ${line}`)
  }

  /** Fires events until the queue is empty or the time is reached. */
  async run(until: number, isOver: () => boolean = () => false): Promise<void> {
    await emptyMicrotasks()
    for (;;) {
      const deferred = this.#deferred.shift()
      if (deferred !== undefined) {
        deferred()
        await emptyMicrotasks()
        continue
      }
      const next = this.#heap[0]
      if (next === undefined || next.time > until || isOver()) break
      this.#pop()
      this.now = next.time
      this.fired += 1
      next.fire()
      await emptyMicrotasks()
    }
    this.now = Math.max(this.now, until)
  }

  traceHash(): string {
    return this.#hash.copy().digest('hex').slice(0, 16)
  }

  traceLines(): readonly string[] {
    return this.#lines ?? []
  }

  #push(timer: Timer): void {
    const heap = this.#heap
    let index = heap.push(timer) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      const above = heap[parent]
      if (above === undefined || !earlier(timer, above)) break
      heap[index] = above
      index = parent
    }
    heap[index] = timer
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let index = 0
    for (;;) {
      const left = 2 * index + 1
      const right = left + 1
      const l = heap[left]
      const r = heap[right]
      if (l === undefined) break
      const [child, at] = r !== undefined && earlier(r, l) ? [r, right] : [l, left]
      if (!earlier(child, last)) break
      heap[index] = child
      index = at
    }
    heap[index] = last
  }
}

function earlier(a: Timer, b: Timer): boolean {
  return a.time < b.time || (a.time === b.time && a.order < b.order)
}

function emptyMicrotasks(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
