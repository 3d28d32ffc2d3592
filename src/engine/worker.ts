/**
 * The worker: claims due records and runs passes over them, a bounded number at a time.
 *
 * It claims as slots become free, so that a slow record never blocks the others, and queries the queue when
 * it is woken, when a record falls due, and at least every half second. With nothing in progress and nothing
 * claimed it rests: the queue is queried every few seconds, and expired leases are looked for only as often
 * as they can matter (`WorkerRest`). Its liveness is its session: when that is lost, the passes in progress
 * are aborted, their commits are fenced, and the worker starts again under a new identity. While the store is
 * unavailable it retries with back-off.
 */
import { isIsthmusError } from '../model/errors.ts'
import { untilSharedWakeUp } from '../model/shared-wake-up.ts'
import { isUnreadable } from '../model/unreadable-row.ts'
import type { ClaimedRecord, Lease, QueueAtRest, UnreadableRecord, WorkerSession } from '../store/contract.ts'
import { Admission } from './admission.ts'
import type { EngineContext } from './context.ts'
import type { Pass } from './pass/contract.ts'
import { finishOfStray, finishPass, finishWithoutEntity } from './pass/finish.ts'
import { beginPass } from './pass/pass.ts'
import { isRefusedByStore, setAside } from './pass/poison.ts'
import { postponeUnreadable } from './pass/unreadable.ts'
import { backoffMs } from './protect/backoff.ts'
import { reconcile } from './reconcile.ts'
import { createWakeSignal, type WakeSignal } from './wake-signal.ts'
import { WorkerRest } from './worker-rest.ts'

/**
 * Minimum interval between claims unless many slots are free: passes that end one by one would otherwise
 * claim one record each.
 */
const claimGapMs = 4

/** Retry delays while the store is unavailable. */
const storeWait = { baseMs: 100, maxMs: 5_000 }

/** One worker of one process. */
export class Worker {
  readonly #context: EngineContext
  readonly #wakeSignal: WakeSignal
  readonly #running = new Set<Promise<void>>()
  readonly #admission: Admission
  /** Leases of passes that could not be finished because the store was unavailable. */
  readonly #strays: Lease[] = []
  #session: WorkerSession | undefined
  #stopping = false
  #halt = new AbortController()
  #storeFailures = 0
  #superseded = false
  readonly #rest = new WorkerRest()
  readonly #reapSignal: WakeSignal
  /** Earliest time at which a record is known to fall due. */
  #dueAt = Number.POSITIVE_INFINITY
  #loops: Promise<unknown> | undefined
  #unsubscribe: (() => void) | undefined

  constructor(context: EngineContext) {
    this.#context = context
    this.#admission = new Admission(context.settings, context.integration)
    this.#wakeSignal = createWakeSignal(context.clock)
    this.#reapSignal = createWakeSignal(context.clock)
  }

  /** Records in progress. */
  get inFlight(): number {
    return this.#running.size
  }

  start(): void {
    if (this.#loops !== undefined) return
    this.#stopping = false
    this.#halt = new AbortController()
    this.#unsubscribe = this.#context.store.direct.onWake(() => this.wake())
    this.#loops = Promise.all([this.#claimLoop(), this.#reapLoop()])
  }

  /** Claims no more records, waits for those in progress, and ends the session. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#halt.abort()
    this.#unsubscribe?.()
    this.wake()
    this.#reapSignal.ring()
    await this.#loops
    this.#loops = undefined
    await Promise.all(this.#running)
    await this.#session?.close().catch(() => undefined)
    this.#session = undefined
  }

  wake(): void {
    this.#wakeSignal.ring()
  }

  /** Another definition is bound: nothing more is claimed, and passes in progress are completed. */
  get isSuperseded(): boolean {
    return this.#superseded
  }

  /** Claims once and runs those records to their end. Returns their number. */
  async runOnce(): Promise<number> {
    const claimed = await this.#claim(await this.#ensureSession(), this.#admission.free)
    await Promise.all(this.#running)
    return claimed
  }

  /** Resolves when nothing is in progress and nothing is due now. */
  async idle(): Promise<void> {
    const { clock, settings, store } = this.#context
    for (;;) {
      const due = this.#running.size > 0 ? 0 : await store.direct.nextDue().catch(() => 0)
      if (due === undefined || due > clock.now()) return
      await clock.sleep(Math.min(settings.pollMs, 20))
    }
  }

  async #claimLoop(): Promise<void> {
    const { clock, settings } = this.#context
    while (!this.#stopping && !this.#superseded) {
      try {
        const session = await this.#ensureSession()
        await this.#returnStrays()
        const limit = this.#admission.free
        const claimed = limit > 0 ? await this.#claim(session, limit) : 0
        this.#storeFailures = 0
        // A full result means that there may be more; any other wait is ended by a pass that ends.
        if (limit > 0 && claimed === limit && this.#admission.free > 0) continue
        await this.#wakeSignal.wait(this.#pauseMs())
        // Measured on two cores in real time: from a half to a sixteenth of the slots gave 13 % more records
        // a second, at the same latency.
        if (this.#running.size > settings.inFlight / 16) await clock.sleep(claimGapMs)
      } catch (error) {
        await this.#storeFailed('claim', error)
      }
    }
    if (this.#superseded) await this.#giveBack()
  }

  /**
   * The remaining claims become available to workers of the bound definition as soon as the session has
   * ended.
   */
  async #giveBack(): Promise<void> {
    await Promise.all(this.#running)
    await this.#session?.close().catch(() => undefined)
    this.#session = undefined
  }

  #pauseMs(): number {
    const { clock, settings } = this.#context
    const untilDue = this.#dueAt - clock.now()
    if (untilDue <= 0) this.#dueAt = Number.POSITIVE_INFINITY
    const rests = this.#running.size === 0 && this.#rest.isResting
    const longest = rests ? untilSharedWakeUp(settings.restMs, clock.monotonic()) : settings.pollMs
    return Math.max(1, Math.min(longest, untilDue))
  }

  /** What a claim says about the time until the next one is needed. */
  #noteRest(claimed: number, rest: QueueAtRest | undefined): void {
    const { clock } = this.#context
    const known = claimed === 0 && this.#running.size === 0 ? rest : undefined
    if (this.#rest.note(known, clock.now())) this.#reapSignal.ring()
    if (known?.nextAt !== undefined && this.#rest.isResting) this.#dueAt = Math.min(this.#dueAt, known.nextAt)
  }

  async #reapLoop(): Promise<void> {
    const { clock, settings, store } = this.#context
    while (!this.#stopping && !this.#superseded) {
      try {
        if ((await store.direct.reap()) > 0) this.wake()
      } catch (error) {
        this.#emitStoreFailed('reap', error)
      }
      await clock.sleep(settings.reapMs, this.#halt.signal)
      const restMs = Math.floor(settings.leaseMs / 3) - settings.reapMs
      if (this.#rest.isAlone && restMs > 0)
        await this.#reapSignal.wait(untilSharedWakeUp(restMs, clock.monotonic()))
    }
  }

  async #ensureSession(): Promise<WorkerSession> {
    const { store, emit } = this.#context
    const known = this.#session
    if (known !== undefined && !known.lost.aborted) return known
    if (known !== undefined) {
      emit({ type: 'WorkerLost', workerId: known.id, records: this.#running.size })
      this.#strays.length = 0
      await known.close().catch(() => undefined)
    }
    const session = await store.direct.registerWorker()
    session.lost.addEventListener('abort', () => this.wake(), { once: true })
    this.#session = session
    emit({ type: 'WorkerStarted', workerId: session.id })
    return session
  }

  async #claim(session: WorkerSession, limit: number): Promise<number> {
    const { store, clock, settings } = this.#context
    // The lease starts before the claim on this process's own clock, so it is never longer than the store's.
    const askedAt = clock.monotonic()
    const { binding } = this.#context
    const {
      records,
      leaseMs,
      superseded,
      rest,
      unreadable = [],
    } = await store.direct.claim({
      worker: session.id,
      limit,
      leaseMs: settings.leaseMs,
      ...(binding === undefined ? {} : { binding }),
    })
    if (superseded) this.supersede()
    const deadline = askedAt + leaseMs - settings.leaseMarginMs
    for (const claim of records) {
      const end = this.#admission.begin(claim.record.entity)
      this.#begin(this.#run(claim, deadline, session.lost).then(end))
    }
    for (const record of unreadable) {
      const end = this.#admission.begin(record.entity)
      this.#begin(this.#postpone(record, session.lost).then(() => end()))
    }
    const claimed = records.length + unreadable.length
    this.#noteRest(claimed, rest)
    return claimed
  }

  /** Stops claiming permanently; reported once. */
  supersede(): void {
    if (this.#superseded) return
    this.#superseded = true
    this.#context.emit({ type: 'DefinitionSuperseded', version: this.#context.integration.version })
    this.wake()
    this.#reapSignal.ring()
  }

  #begin(work: Promise<void>): void {
    const run = work.finally(() => {
      this.#running.delete(run)
      this.wake()
    })
    this.#running.add(run)
  }

  /** One pass; returns it when it ended as a pass does. Never rejects. */
  async #run(claimed: ClaimedRecord, deadline: number, lost: AbortSignal): Promise<Pass | undefined> {
    const context = this.#context
    const entity = context.integration.entities.get(claimed.record.entity)
    try {
      if (entity === undefined) {
        await context.store.settle({ lease: claimed.lease, finish: finishWithoutEntity(claimed) })
        return undefined
      }
      const pass = beginPass(context, claimed, { deadline, signal: lost, entity })
      try {
        await reconcile(pass)
      } catch (error) {
        if (isStoreFailure(error) || lost.aborted) throw error
        setAside(pass, error)
        await finishPass(pass)
      }
      for (const need of pass.needs) this.#dueAt = Math.min(this.#dueAt, need.at)
      return pass
    } catch (error) {
      this.#emitStoreFailed('pass', error)
      if (!lost.aborted) this.#strays.push(claimed.lease)
      return undefined
    }
  }

  /** Gives back a record that can't be read. Never rejects. */
  async #postpone(record: UnreadableRecord, lost: AbortSignal): Promise<void> {
    try {
      this.#dueAt = Math.min(this.#dueAt, await postponeUnreadable(this.#context, record))
    } catch (error) {
      this.#emitStoreFailed('pass', error)
      if (!lost.aborted) this.#strays.push(record.lease)
    }
  }

  /** Releases the records whose passes were cut off by an unavailable store. */
  async #returnStrays(): Promise<void> {
    const leases = this.#strays.splice(0)
    if (leases.length === 0) return
    const finish = finishOfStray(this.#context)
    try {
      await this.#context.store.direct.settle(leases.map((lease) => ({ lease, finish })))
    } catch (error) {
      this.#strays.push(...leases)
      throw error
    }
  }

  async #storeFailed(operation: string, error: unknown): Promise<void> {
    this.#emitStoreFailed(operation, error)
    this.#storeFailures += 1
    await this.#context.clock.sleep(backoffMs(this.#context.random, this.#storeFailures, storeWait))
  }

  #emitStoreFailed(operation: string, error: unknown): void {
    const code = isIsthmusError(error) ? error.code : 'ENGINE_CALL_FAILED'
    this.#context.emit({ type: 'StoreFailed', operation, code })
  }
}

/**
 * Failures of the store resolve by waiting; any other error that reaches the worker is caused by the record,
 * and so is a row that can't be read (the pass read one of another record) and a value that the database
 * refuses.
 */
function isStoreFailure(error: unknown): boolean {
  if (isUnreadable(error) || isRefusedByStore(error)) return false
  return isIsthmusError(error) && (error.code.startsWith('STORE_') || error.code === 'ENGINE_BUSY')
}
