/**
 * Records what this process observes of its places, so that the status can be read in any process.
 *
 * For a place that is read several times a second a note is written every few seconds, and at once when something changes. Notes that can't be
 * written are dropped: the age of the last note shows then that the current state is unknown.
 */
import { causeOf, describeRunEnd } from '../../model/run-reasons.ts'
import type { PlaceNote, SystemNote } from '../../store/health-contract.ts'
import type { IntakeContext } from '../context.ts'
import { allPlaces, hasFeed, isListable, type Place } from '../place.ts'
import type { FullRunResult } from './full-run.ts'
import type { PollResult } from './poll.ts'

/** Minimum interval between notes without a change. */
const NOTE_EVERY_MS = 2_000
/** After this many failures in a row a further one is not reported separately. */
const FAILURES_TOLD = 3

/** The result of a read of a place. */
interface ReadOutcome {
  readonly system: string
  readonly entity: string
  /** How long it took. */
  readonly ms: number
  readonly aborted: boolean
}

/** Records what reads of places and systems show, for the status. */
export interface HealthNotes {
  /** Records by which means each place can be read. */
  declare(): Promise<void>
  polled(read: ReadOutcome, result: PollResult): void
  listed(read: ReadOutcome, result: FullRunResult): void
  /** Records when the place is read next, epoch ms. */
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
      // A list in place of a feed was already reported as a list.
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
        const message = describeRunEnd(result) ?? 'it did not come to its end'
        const cause = causeOf(result.reason)
        const failure = {
          way: 'list',
          code: 'ENGINE_LIST_INCOMPLETE',
          message,
          ...(cause === undefined ? {} : { cause }),
        } as const
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

/** Sends the notes of one key one after the other, and omits those without a change. There are as many keys as places and systems. */
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
      // A lost note is not remembered, so the next one with the same content is written.
      const sent = (before?.sent ?? Promise.resolve()).then(send).catch(() => {
        if (last.get(key) === entry) last.delete(key)
      })
      const entry = { kind, at: now, times, sent }
      last.set(key, entry)
    },
  }
}
