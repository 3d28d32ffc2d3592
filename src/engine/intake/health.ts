/**
 * Writes down what this process sees of its places, so that whoever asks, in whichever process, can say how they are.
 *
 * A place that is read several times a second is written down every few seconds, and at once when something changes. What can't be written
 * down is left out: the age of the last note says then that nobody knows.
 */
import type { PlaceNote, SystemNote } from '../../store/health-contract.ts'
import type { IntakeContext } from '../context.ts'
import { allPlaces, hasFeed, isListable, type Place } from '../place.ts'
import type { FullRunResult } from './full-run.ts'
import type { PollResult } from './poll.ts'

/** Notes that say nothing new are at least this far apart. */
const NOTE_EVERY_MS = 2_000
/** After so many failures in a row one more is no news. */
const FAILURES_TOLD = 3

/** What a read of a place came to. */
interface ReadOutcome {
  readonly system: string
  readonly entity: string
  /** How long it took. */
  readonly ms: number
  readonly aborted: boolean
}

export interface HealthNotes {
  /** Tells how each place can be read at all. */
  declare(): Promise<void>
  polled(read: ReadOutcome, result: PollResult): void
  listed(read: ReadOutcome, result: FullRunResult): void
  /** When the place is read next, epoch ms. */
  next(system: string, entity: string, at: number): void
  system(note: SystemNote): void
}

/** Creates the notes of one process. */
export function createHealthNotes(
  context: Pick<IntakeContext, 'store' | 'clock' | 'integration' | 'systems'>,
): HealthNotes {
  const writer = createNoteWriter(context)
  const place = (note: PlaceNote, kind: string): void =>
    writer.write(JSON.stringify([note.system, note.entity]), kind, () => context.store.notePlace(note))
  return {
    declare: async () => {
      for (const each of allPlaces(context)) {
        await context.store.notePlace(declarationOf(each)).catch(() => undefined)
      }
    },
    polled: ({ system, entity, ms, aborted }, result) => {
      if (aborted) return
      // A list in place of a feed has been told as a list.
      if (result.kind === 'failed') {
        if (result.listed === true) return
        const { code, message } = result
        place({ system, entity, failure: { way: 'feed', code, message } }, `failed ${code}`)
      } else if (result.kind === 'done') {
        place({ system, entity, read: { ms, compared: false } }, 'read')
      }
    },
    listed: ({ system, entity, ms, aborted }, result) => {
      if (aborted) return
      if (!result.ended) {
        const message = result.reason ?? 'it broke off'
        const failure = { way: 'list', code: 'ENGINE_LIST_INCOMPLETE', message } as const
        place({ system, entity, failure }, `failed ${message}`)
        return
      }
      const compared = result.complete || result.missing === 0
      place({ system, entity, read: { ms, compared } }, compared ? 'compared' : 'read')
    },
    next: (system, entity, at) => {
      const note = { system, entity, nextAt: at }
      const kind = at - context.clock.now() > NOTE_EVERY_MS ? `next ${at}` : 'next'
      writer.write(JSON.stringify([system, entity, 'next']), kind, () => context.store.notePlace(note))
    },
    system: (note) => {
      const kind = 'heard' in note ? 'heard' : `paused ${note.paused?.code ?? ''} ${note.paused?.until ?? ''}`
      const key = JSON.stringify([note.system, 'heard' in note ? 'heard' : 'paused'])
      writer.write(key, kind, () => context.store.noteSystem(note))
    },
  }
}

function declarationOf(place: Place): PlaceNote {
  const { paging } = place.resource.capabilities.list
  return {
    system: place.system,
    entity: place.entity.name,
    declared: { paging: isListable(place) ? paging : 'none', feed: hasFeed(place) },
  }
}

interface NoteWriter {
  write(key: string, kind: string, send: () => Promise<void>): void
}

/** Sends notes of one key one after the other, and leaves out those that say nothing new. There are as many keys as places and systems. */
function createNoteWriter({ clock }: Pick<IntakeContext, 'clock'>): NoteWriter {
  const last = new Map<string, { kind: string; at: number; times: number; sent: Promise<void> }>()
  return {
    write(key, kind, send) {
      const now = clock.monotonic()
      const before = last.get(key)
      const same = before?.kind === kind
      const times = same ? before.times + 1 : 1
      const isCount = kind.startsWith('failed') && times <= FAILURES_TOLD
      const isTime = kind.startsWith('next ')
      const wanted = !same || isCount || (!isTime && now - before.at >= NOTE_EVERY_MS)
      if (!wanted) {
        before.times = times
        return
      }
      // A note that is lost is written again by the next one that says the same: nothing is remembered of it.
      const sent = (before?.sent ?? Promise.resolve()).then(send).catch(() => {
        if (last.get(key) === entry) last.delete(key)
      })
      const entry = { kind, at: now, times, sent }
      last.set(key, entry)
    },
  }
}
