/**
 * Reads whole places for creates that need evidence: the change feed is read to its end, or a complete list
 * is taken.
 *
 * States of a place: *idle* → *requested* (the read begins as soon as the previous one has completed and its
 * pause has elapsed) → *running* → *idle*. Requests made before the read begins share it. A request made
 * while it is running shares it if it began late enough for that request, and otherwise needs the next one.
 *
 * The pause grows with the duration of a read, so that a burst of creates costs a place a bounded share of
 * its time and of its quota, however many there are. A failed read is retried after a back-off, or at the
 * time that the system named.
 */

import type { ErrorCode } from '../../model/error-codes.ts'
import { isIsthmusError } from '../../model/errors.ts'
import type { IntakeContext } from '../context.ts'
import { lastPlaceRead } from '../observe/place-read-times.ts'
import type { Place } from '../place.ts'
import type { PlaceRead, PlaceReadKind, PlaceReadResponse, PlaceReads } from '../ports.ts'
import { type JobFailure, retryDelay } from '../protect/backoff.ts'
import type { Runs } from './runs.ts'

/** Minimum interval between the beginnings of two reads of one place. */
const pauseMs: Readonly<Record<PlaceReadKind, number>> = { feed: 500, list: 60_000 }
/** The pause after a long read is this multiple of its duration. */
const pausesPerRead: Readonly<Record<PlaceReadKind, number>> = { feed: 3, list: 10 }
/** The longest pause, whatever a read took. */
const pauseMsMax: Readonly<Record<PlaceReadKind, number>> = { feed: 30_000, list: 3_600_000 }
/** Polls per read; a feed with more pages than that is filled faster than it is read. */
const pollsMax = 100
/** Minimum interval between queries for the notes of other processes. */
const askStoreMs = 250

/** Creates the reads of places of one engine. */
export function createPlaceReads(context: IntakeContext, runs: Runs): PlaceReads {
  const halt = new AbortController()
  const watches = new Map<string, PlaceReader>()
  const watchOf = (place: Place, kind: PlaceReadKind): PlaceReader => {
    const key = JSON.stringify([kind, place.system, place.entity.name])
    const known = watches.get(key) ?? new PlaceReader({ context, runs, place, kind, signal: halt.signal })
    watches.set(key, known)
    return known
  }
  return {
    newest: (place, kind) => watchOf(place, kind).newest(),
    next: (place, kind, since) => watchOf(place, kind).next(since),
    nextAt: (place, kind) => watchOf(place, kind).nextAt,
    stop: () => halt.abort(),
  }
}

interface WatchOptions {
  readonly context: IntakeContext
  readonly runs: Runs
  readonly place: Place
  readonly kind: PlaceReadKind
  readonly signal: AbortSignal
}

class PlaceReader {
  readonly #options: WatchOptions
  #newest: PlaceRead | undefined
  /** The read that has not begun yet; all current requests wait for it. */
  #queued: Promise<PlaceReadResponse> | undefined
  #running: { readonly begunAt: number; readonly response: Promise<PlaceReadResponse> } | undefined
  #notBefore = 0
  #failures = 0
  #stored: { readonly at: number; readonly response: Promise<number | undefined> } | undefined

  constructor(options: WatchOptions) {
    this.#options = options
  }

  get nextAt(): number {
    return this.#notBefore
  }

  async newest(): Promise<PlaceRead | undefined> {
    const { context, place, kind } = this.#options
    const now = context.clock.now()
    if (this.#stored === undefined || now - this.#stored.at >= askStoreMs) {
      this.#stored = { at: now, response: lastPlaceRead(context.store, place, kind) }
      this.#stored.response.catch(() => {
        this.#stored = undefined
      })
    }
    const noted = Math.max((await this.#stored.response) ?? 0, this.#lastPoll())
    const own = this.#newest
    return noted > (own?.takenAt ?? 0) ? { takenAt: noted } : own
  }

  /** The time of a poll that found nothing is only saved now and then. */
  #lastPoll(): number {
    const { runs, place, kind } = this.#options
    return kind === 'feed' ? (runs.lastPoll(place.system, place.entity.name) ?? 0) : 0
  }

  next(since: number): Promise<PlaceReadResponse> {
    if (this.#running !== undefined && this.#running.begunAt >= since) return this.#running.response
    this.#queued ??= this.#begin()
    return this.#queued
  }

  async #begin(): Promise<PlaceReadResponse> {
    const { clock } = this.#options.context
    await this.#running?.response
    const waitMs = this.#notBefore - clock.now()
    if (waitMs > 0) await clock.sleep(waitMs, this.#options.signal)
    this.#queued = undefined
    const begunAt = clock.now()
    const response = this.#read(begunAt)
    this.#running = { begunAt, response }
    return response
  }

  async #read(begunAt: number): Promise<PlaceReadResponse> {
    const { clock, random } = this.#options.context
    const { kind, signal } = this.#options
    const result = signal.aborted ? failed('ENGINE_BUSY') : await this.#take(begunAt)
    const endedAt = clock.now()
    this.#running = undefined
    if ('code' in result) {
      this.#failures += 1
      this.#notBefore = endedAt + retryDelay(this.#failures, random.next(), result)
      return { kind: 'failed', code: result.code, retryAt: this.#notBefore }
    }
    this.#failures = 0
    const pause = Math.max(pauseMs[kind], pausesPerRead[kind] * (endedAt - begunAt))
    this.#notBefore = begunAt + Math.min(pause, pauseMsMax[kind])
    this.#newest = { takenAt: result.takenAt, endedAt }
    return { kind: 'seen', read: this.#newest }
  }

  /** A read that was already running at the time of the request is awaited and does not count. */
  async #take(begunAt: number): Promise<Taken> {
    try {
      const first = await this.#takeOnce()
      return 'code' in first || first.takenAt >= begunAt ? first : await this.#takeOnce()
    } catch (error) {
      return failed(isIsthmusError(error) ? error.code : 'ENGINE_CALL_FAILED')
    }
  }

  #takeOnce(): Promise<Taken> {
    return this.#options.kind === 'feed' ? this.#drain() : this.#list()
  }

  async #drain(): Promise<Taken> {
    const { runs, place, signal } = this.#options
    for (let poll = 0; poll < pollsMax && !signal.aborted; poll += 1) {
      const result = await runs.poll({
        system: place.system,
        entity: place.entity.name,
        priority: 'hand',
        signal,
      })
      if (result.kind === 'done') return { takenAt: result.startedAt }
      if (result.kind === 'failed') return result
      // There is more than one poll takes; the next one continues where this one stopped.
    }
    return failed('ENGINE_BUSY')
  }

  async #list(): Promise<Taken> {
    const { runs, place, signal } = this.#options
    const result = await runs.full({
      system: place.system,
      entity: place.entity.name,
      kind: 'full',
      priority: 'batch',
      signal,
    })
    return result.complete ? { takenAt: result.startedAt } : failed('ENGINE_LIST_INCOMPLETE')
  }
}

type Taken = { readonly takenAt: number } | ({ readonly code: ErrorCode } & JobFailure)

function failed(code: ErrorCode): Taken {
  return { code }
}
