/**
 * How many more records may be claimed: a worker is bounded by their number and by the size of what their
 * passes hold.
 *
 * 256 records of 20 fields are half a megabyte; 256 of 500 fields would take seconds to decide and to commit
 * together, longer than their writes may wait for their calls. The size of an entity's records is estimated
 * from its definition first, and then from passes that have ended.
 */
import type { Entity, Integration } from '../model/integration.ts'
import type { Member, SyncRecord } from '../model/state.ts'
import type { EngineSettings } from './settings.ts'

/** Bytes of a field in a document beside its value: its name, revision, source and time. */
const fieldBytes = 24
/** Bytes of a value that was not seen yet. */
const valueBytes = 24
/** Share of a new measurement in an average. */
const weight = 1 / 16
/** Every so many passes of an entity are measured. */
const measureEvery = 8

/** The bounds of an {@link Admission}. */
export type AdmissionLimits = Pick<EngineSettings, 'inFlight' | 'inFlightBytes' | 'batchMax'>

interface Size {
  bytes: number
  passes: number
}

/** The admission of one worker. */
export class Admission {
  readonly #limits: AdmissionLimits
  readonly #sizes = new Map<string, Size>()
  /** Expected size of a record that is claimed next. */
  #expected: number
  #records = 0
  #bytes = 0

  constructor(limits: AdmissionLimits, { entities }: Pick<Integration, 'entities'>) {
    this.#limits = limits
    for (const entity of entities.values())
      this.#sizes.set(entity.name, { bytes: guessBytes(entity), passes: 0 })
    this.#expected = Math.max(1, ...[...this.#sizes.values()].map(({ bytes }) => bytes))
  }

  /** Records that may be claimed now; at least one while none is in progress, whatever its size. */
  get free(): number {
    const { inFlight, inFlightBytes, batchMax } = this.#limits
    const slots = Math.min(inFlight - this.#records, batchMax)
    const room = Math.floor((inFlightBytes - this.#bytes) / this.#expected)
    return Math.max(this.#records === 0 ? 1 : 0, Math.min(slots, room))
  }

  /**
   * A pass over a record of this entity begins; the returned function is called when it has ended, with its
   * state if it was kept.
   */
  begin(entity: string): (end?: PassSize) => void {
    const size = this.#sizes.get(entity)
    const bytes = size?.bytes ?? valueBytes
    this.#expected += (bytes - this.#expected) * weight
    this.#records += 1
    this.#bytes += bytes
    return (end) => {
      this.#records -= 1
      this.#bytes -= bytes
      if (size === undefined || end === undefined) return
      size.passes += 1
      if (size.passes % measureEvery === 1) size.bytes += (bytesOf(end) - size.bytes) * weight
    }
  }
}

/** What a pass holds at its end. */
export interface PassSize {
  readonly record: Pick<SyncRecord, 'fields'>
  readonly members: ReadonlyMap<string, Pick<Member, 'fields'>>
}

function guessBytes({ fields, systems }: Entity): number {
  return fields.size * (systems.size + 1) * (fieldBytes + valueBytes)
}

function bytesOf({ record, members }: PassSize): number {
  let bytes = fieldBytes
  for (const { value } of Object.values(record.fields)) bytes += fieldBytes + sizeOf(value)
  for (const { fields } of members.values())
    for (const { shadow } of Object.values(fields)) bytes += fieldBytes + sizeOf(shadow)
  return bytes
}

/** Approximate length of a value as JSON. */
function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length + 2
  if (typeof value !== 'object' || value === null) return 5
  let bytes = 2
  for (const [name, inner] of Object.entries(value)) bytes += name.length + sizeOf(inner)
  return bytes
}
