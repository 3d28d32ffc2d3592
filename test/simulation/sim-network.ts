/** The network between the engine and one simulated system, with all faults between a request and its response. */

import type { CallContext, CallFailure, WriteResult } from '../../src/connectors/kit/contract.ts'
import type { ErrorCode } from '../../src/model/error-codes.ts'
import type { Native, Version } from '../support/fake-system/remote-table.ts'
import type { Chance } from './chance.ts'
import type { Kinds } from './kinds.ts'
import type { SimProcess } from './process.ts'
import type { Scheduler } from './scheduler.ts'

/** Observers of the systems. */
export interface SystemWatcher {
  /** A request is sent by a process: the time at which intents, leases and deadlines are checked. */
  sending(call: EngineWrite): void
  /** A write of the engine is about to change a record. */
  applying(call: EngineWrite, before: Version | undefined): void
  applied(call: EngineWrite, version: Version): void
  /** A write is confirmed but not stored. `accepted`: the response allows a later effect. */
  lost(call: EngineWrite, accepted: boolean): void
  /** An accepted write is applied only now, after a newer write of the engine to the same record. */
  overtaken(call: EngineWrite): void
  /** A process has read this state. */
  shown(process: SimProcess, system: string, entity: string, version: Version): void
}

/** One write request of the engine. */
export interface EngineWrite {
  readonly process: SimProcess
  readonly system: string
  readonly entity: string
  readonly operation: 'create' | 'update' | 'delete'
  readonly nativeId?: string
  readonly recordId?: string
  readonly body: Native
  readonly ifVersion?: string
}

export interface World {
  readonly scheduler: Scheduler
  readonly chance: Chance
  readonly watcher: SystemWatcher
  /** Faults still occur. */
  faulty(): boolean
  /** Disabled protections, by name. */
  readonly broken: ReadonlySet<string>
  /** The kinds of this seed. */
  readonly kinds: Kinds
  readonly readTimeoutMs: number
  readonly writeTimeoutMs: number
}

/** A write in flight, and its effect on arrival. */
export interface Sending {
  readonly call: EngineWrite
  readonly effect: () => WriteResult
}

interface NetworkOptions {
  readonly name: string
  readonly world: World
  readonly inflightMs: number
  readonly isDead: () => boolean
  /** Longest latency of a write; slow ones let writes collect, so that they share a call. */
  readonly wayMs: number
}

export class SimNetwork {
  readonly #options: NetworkOptions

  constructor(options: NetworkOptions) {
    this.#options = options
  }

  /** A request and its response on the network; failures are values. */
  async ask<T>(
    process: SimProcess,
    response: () => T,
  ): Promise<T | { kind: 'unknown'; failure: CallFailure }> {
    const { chance } = this.#options.world
    const hang = this.#options.isDead() || (this.#options.world.faulty() && chance.of(0.02))
    if (hang) {
      await process.call(0, this.#options.world.readTimeoutMs, () => undefined)
      return unknown('ENGINE_CALL_LATE', this.#options.isDead() ? 'system' : 'record')
    }
    const fails = this.#options.world.faulty() && chance.of(0.04)
    return process.call(chance.int(1, 40), chance.int(1, 40), () =>
      fails ? unknown('HTTP_STATUS_TRANSIENT', 'record') : response(),
    )
  }

  /** One write on the network: answered, refused, lost on the way there or back, or applied long after the call was abandoned. */
  async send({ call, effect }: Sending, context: CallContext): Promise<WriteResult> {
    const { chance, scheduler, watcher, writeTimeoutMs: timeout } = this.#options.world
    const { process } = call
    // Between the engine's decision to send and the first byte a process may be suspended.
    await process.clock.sleep(chance.int(0, 3))
    const late = context.startBefore !== undefined && process.clock.monotonic() > context.startBefore
    if (context.signal.aborted || (late && !this.#options.world.broken.has('nodeadline')))
      return { kind: 'not-sent', failure: failure('HTTP_START_TOO_LATE', 'record') }
    watcher.sending(call)
    const roll = this.#options.world.faulty() ? chance.next() : 1
    const there = chance.int(1, this.#options.wayMs)
    if (this.#options.isDead() || roll < 0.07) {
      await process.call(0, timeout, () => undefined)
      return unknown('ENGINE_CALL_LATE', this.#options.isDead() ? 'system' : 'record')
    }
    if (roll < 0.14) {
      await process.call(there, timeout - there, effect)
      return unknown('HTTP_NETWORK', 'record')
    }
    if (roll < (this.#options.world.kinds.has('late-effects') ? 0.45 : 0.21)) {
      const delay = timeout + chance.int(0, Math.max(0, this.#options.inflightMs - 1))
      scheduler.after(delay, () => {
        scheduler.note(`zombie ${call.system} ${call.operation} ${call.nativeId ?? call.recordId}`)
        effect()
      })
      await process.call(0, timeout, () => undefined)
      return unknown('ENGINE_CALL_LATE', 'record')
    }
    if (roll < 0.25)
      return process.call(there, there, () => ({
        kind: 'not-sent' as const,
        failure: { ...failure('HTTP_RATE_LIMITED', 'record'), retryAfterMs: chance.int(50, 2000) },
      }))
    // Some systems continue to work long after the record exists, and respond just in time.
    const isSlow = this.#options.world.kinds.has('own-numbers') && call.operation === 'create'
    return process.call(there, isSlow ? chance.int(400, timeout - there - 100) : chance.int(1, 60), effect)
  }

  /**
   * Several writes in one request. Faults may affect all of them, or occur in the middle: some took effect and the response was interrupted, was too
   * short, or refuses a few while the others are done.
   */
  async sendMany(sendings: readonly Sending[], context: CallContext): Promise<readonly WriteResult[]> {
    const { chance, scheduler, watcher, writeTimeoutMs: timeout } = this.#options.world
    const all = (result: WriteResult): readonly WriteResult[] => sendings.map(() => result)
    const process = sendings[0]?.call.process
    if (process === undefined) return []
    await process.clock.sleep(chance.int(0, 3))
    const late = context.startBefore !== undefined && process.clock.monotonic() > context.startBefore
    if (context.signal.aborted || (late && !this.#options.world.broken.has('nodeadline')))
      return all({ kind: 'not-sent', failure: failure('HTTP_START_TOO_LATE', 'record') })
    for (const { call } of sendings) watcher.sending(call)
    scheduler.note(
      `${this.#options.name} gets ${sendings.length} ${sendings[0]?.call.operation}s in one request`,
    )
    const roll = this.#options.world.faulty() ? chance.next() : 1
    const there = chance.int(1, this.#options.wayMs)
    const part = chance.int(0, sendings.length)
    const some = (): readonly WriteResult[] => sendings.slice(0, part).map(({ effect }) => effect())
    if (this.#options.isDead() || roll < 0.07) {
      await process.call(0, timeout, () => undefined)
      return all(unknown('ENGINE_CALL_LATE', this.#options.isDead() ? 'system' : 'record'))
    }
    if (roll < 0.13) {
      await process.call(there, timeout - there, some)
      return all(unknown('HTTP_NETWORK', 'record'))
    }
    if (roll < 0.19) {
      const delay = timeout + chance.int(0, Math.max(0, this.#options.inflightMs - 1))
      scheduler.after(delay, () => {
        scheduler.note(`zombie ${this.#options.name} batch of ${part}`)
        some()
      })
      await process.call(0, timeout, () => undefined)
      return all(unknown('ENGINE_CALL_LATE', 'record'))
    }
    if (roll < 0.24) return process.call(there, there, some)
    if (roll < 0.29) {
      await process.call(there, there, some)
      throw new RangeError('the connection broke in the middle of the response')
    }
    return process.call(there, chance.int(1, 60), () =>
      sendings.map(({ effect }) => {
        const refused = this.#options.world.faulty() && chance.of(0.05)
        if (!refused) return effect()
        return { kind: 'not-sent', failure: failure('HTTP_RATE_LIMITED', 'record') }
      }),
    )
  }
}

export function failure(code: ErrorCode, scope: CallFailure['scope']): CallFailure {
  return { code, message: code.toLowerCase(), scope }
}

export function unknown(
  code: ErrorCode,
  scope: CallFailure['scope'],
): { kind: 'unknown'; failure: CallFailure } {
  return { kind: 'unknown', failure: failure(code, scope) }
}
