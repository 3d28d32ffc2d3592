/**
 * Records what this process observes of its places, so that the status can be read in any process.
 *
 * For a place that is read several times a second a note is written every few seconds, and at once when
 * something changes. Notes that can't be written are dropped: the age of the last note shows then that the
 * current state is unknown.
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
  const nextTimes = new Map<string, number>()
  const place = (note: PlaceNote, kind: string): void =>
    writer.notePlace(JSON.stringify([note.system, note.entity]), kind, note)
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
        const message = describeRunEnd(result) ?? 'it was not read to its end'
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
      const key = JSON.stringify([system, entity, 'next'])
      if (nextTimes.get(key) === at) return
      nextTimes.set(key, at)
      const note = { system, entity, nextAt: at }
      const kind = at - context.clock.now() > NOTE_EVERY_MS ? `next ${at}` : 'next'
      writer.notePlace(key, kind, note)
    },
    system: (note) => {
      const kind = 'heard' in note ? 'heard' : `paused ${note.paused?.code ?? ''} ${note.paused?.until ?? ''}`
      const key = JSON.stringify([note.system, 'heard' in note ? 'heard' : 'paused'])
      writer.noteSystem(key, kind, note)
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
  notePlace(key: string, kind: string, note: PlaceNote): void
  noteSystem(key: string, kind: string, note: SystemNote): void
}

interface LastNote {
  readonly kind: string
  readonly at: number
  times: number
}

/**
 * Sends the notes of one place or system one after the other, and omits those without a change. Notes on a
 * place from one turn of the event loop are sent as one: the end of a read, and when the next one is due.
 * There are as many keys as places and systems.
 */
function createNoteWriter({ clock, store }: Pick<IntakeContext, 'clock' | 'store'>): NoteWriter {
  const last = new Map<string, LastNote>()
  const sent = new Map<string, Promise<void>>()
  const gathered = new Map<string, { note: PlaceNote; readonly onLost: (() => void)[] }>()

  /**
   * Returns what to do when the note is lost: it is forgotten, so the next one with the same content is
   * written. Undefined: it is not wanted.
   */
  const remember = (key: string, kind: string): (() => void) | undefined => {
    const now = clock.monotonic()
    const before = last.get(key)
    const same = before?.kind === kind
    const times = same ? before.times + 1 : 1
    const isCount = kind.startsWith('failed') && times <= FAILURES_TOLD
    const isTime = kind.startsWith('next ')
    const wanted = !same || isCount || (!isTime && now - before.at >= NOTE_EVERY_MS)
    if (!wanted) {
      before.times = times
      return undefined
    }
    const entry = { kind, at: now, times }
    last.set(key, entry)
    return () => {
      if (last.get(key) === entry) last.delete(key)
    }
  }
  const send = (about: string, write: () => Promise<void>, onLost: readonly (() => void)[]): void => {
    const sending = (sent.get(about) ?? Promise.resolve()).then(write).catch(() => {
      for (const forget of onLost) forget()
    })
    sent.set(about, sending)
  }
  const sendGathered = (about: string): void => {
    const each = gathered.get(about)
    gathered.delete(about)
    if (each !== undefined) send(about, () => store.notePlace(each.note), each.onLost)
  }
  return {
    notePlace(key, kind, note) {
      const onLost = remember(key, kind)
      if (onLost === undefined) return
      const about = JSON.stringify([note.system, note.entity])
      const before = gathered.get(about)
      if (before !== undefined && isResult(before.note) && isResult(note)) sendGathered(about)
      const joined = gathered.get(about)
      if (joined !== undefined) {
        joined.note = { ...joined.note, ...note }
        joined.onLost.push(onLost)
        return
      }
      gathered.set(about, { note, onLost: [onLost] })
      clock.defer(() => sendGathered(about))
    },
    noteSystem(key, kind, note) {
      const onLost = remember(key, kind)
      if (onLost !== undefined) send(key, () => store.noteSystem(note), [onLost])
    },
  }
}

/** A failure is counted, and a read resolves failures: two of them are two notes. */
function isResult({ read, failure }: PlaceNote): boolean {
  return read !== undefined || failure !== undefined
}
