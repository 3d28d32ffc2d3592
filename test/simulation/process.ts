/**
 * A simulated worker process: everything the engine awaits goes through it, so it can be stalled or killed at any await.
 *
 * States: *running* → *stalled* until a time (its responses and timers arrive late, like a process suspended by the system) → *running*; any → *dead*
 * (no response ever arrives again, deferred tasks are dropped). Requests that a dead process had already sent still take effect.
 */
import type { Clock, Random } from '../../src/engine/ports.ts'
import type { Chance } from './chance.ts'
import type { Scheduler } from './scheduler.ts'

export class SimProcess {
  readonly name: string
  alive = true
  /** Number of awaits of this process, where a crash can be placed exactly. */
  awaits = 0
  /** Called at each await; a test may kill the process there. */
  onAwait: ((count: number) => void) | undefined
  readonly clock: Clock
  readonly random: Random
  readonly #scheduler: Scheduler
  readonly #slowness: Chance | undefined
  #stalledUntil = 0
  /** The progress of its work: a slow process is ahead of the event that it processes. */
  #here = 0

  /** `slowness`: time passes whenever it reads its clock. */
  constructor(name: string, scheduler: Scheduler, chance: Chance, slowness?: Chance) {
    this.name = name
    this.#scheduler = scheduler
    this.#slowness = slowness
    const born = scheduler.now - chance.int(0, 100_000)
    this.clock = {
      now: () => this.#time(),
      monotonic: () => this.#time() - born,
      sleep: (ms, signal) => this.#sleep(ms, signal),
      defer: (task) => scheduler.defer(() => this.#deliver(task)),
    }
    this.random = { next: () => chance.next(), uuid: () => chance.uuid(scheduler.now) }
  }

  get stalled(): boolean {
    return this.#scheduler.now < this.#stalledUntil
  }

  kill(): void {
    this.alive = false
  }

  stall(ms: number): void {
    this.#stalledUntil = Math.max(this.#stalledUntil, this.#scheduler.now + ms)
  }

  /** One external call: `effect` happens after `thereMs` (even if the process has died meanwhile), its response arrives `backMs` later. */
  call<T>(thereMs: number, backMs: number, effect: () => T | Promise<T>): Promise<T> {
    this.awaits += 1
    this.onAwait?.(this.awaits)
    return this.callAside(thereMs, backMs, effect)
  }

  /** A call without crashes: it must not move the crashes of a seed. */
  callAside<T>(thereMs: number, backMs: number, effect: () => T | Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (!this.alive) return
      // A slow process sends at its own time, not at that of the event that it processes.
      this.#scheduler.at(this.#present() + thereMs, () => {
        // The effect's own promises (of an in-memory store) settle in microtasks: no virtual time passes.
        Promise.resolve()
          .then(effect)
          .then(
            (value) => this.#response(backMs, () => resolve(value)),
            (error: unknown) => this.#response(backMs, () => reject(error)),
          )
      })
    })
  }

  #present(): number {
    this.#here = Math.max(this.#here, this.#scheduler.now)
    return this.#here
  }

  /** The time of its clock: reading it takes time, and now and then the process is interrupted. */
  #time(): number {
    const present = this.#present()
    if (this.#slowness?.of(0.5)) this.#here += this.#slowness.of(0.02) ? 40 : 1
    return present
  }

  #response(backMs: number, settle: () => void): void {
    this.#scheduler.after(backMs, () => this.#deliver(settle))
  }

  /** Runs a task in this process as soon as it is running. */
  #deliver(task: () => void): void {
    if (!this.alive) return
    if (this.stalled) {
      this.#scheduler.at(this.#stalledUntil, () => this.#deliver(task))
      return
    }
    task()
  }

  #sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
    this.awaits += 1
    this.onAwait?.(this.awaits)
    return new Promise((resolve) => {
      if (signal?.aborted) {
        resolve()
        return
      }
      let done = false
      const wake = () => {
        if (done) return
        done = true
        signal?.removeEventListener('abort', wake)
        resolve()
      }
      signal?.addEventListener('abort', wake, { once: true })
      this.#scheduler.at(this.#present() + ms, () => this.#deliver(wake))
    })
  }
}
