/** The model of a fake service: entity sets, their properties and relations. */

export type EdmType =
  | 'Edm.String'
  | 'Edm.Boolean'
  | 'Edm.Int32'
  | 'Edm.Decimal'
  | 'Edm.DateTime'
  | 'Edm.DateTimeOffset'
  | 'Edm.Date'
  | 'Edm.Time'
  | 'Edm.TimeOfDay'
  | 'Edm.Guid'

export interface FakeProperty {
  readonly name: string
  readonly type: EdmType
  readonly nullable?: boolean
  readonly maxLength?: number
  readonly precision?: number
  readonly scale?: number
  readonly label?: string
  readonly creatable?: boolean
  readonly updatable?: boolean
  readonly filterable?: boolean
}

export interface FakeNavigation {
  readonly name: string
  /** Entity set at the other end. */
  readonly target: string
  readonly many: boolean
  /** Property here and property there that hold the same value. */
  readonly on: readonly (readonly [string, string])[]
}

/**
 * A stored value. Texts throughout, so that nothing is lost: decimals as digits, days `2026-01-31`, times `12:30:00`, instants with seven
 * fraction digits and `Z`.
 */
export type Stored = string | number | boolean | null
export type StoredRecord = Record<string, Stored>

/** A refusal by the application behind the service. */
export class Refusal extends Error {
  readonly status: number
  readonly code: string
  readonly field: string | undefined

  constructor(status: number, code: string, message: string, field?: string) {
    super(message)
    this.status = status
    this.code = code
    this.field = field
  }
}

/** What an application may do while a record is written. */
export interface Writing {
  /** Epoch ms of the system's clock. */
  now(): number
  /** The next instant, with seven fraction digits. */
  instant(): string
  /** The next number of a range. */
  number(range: string): string
  /** A record of any set of the system. */
  find(set: string, key: StoredRecord): StoredRecord | undefined
  /** Records of a set with these values. */
  where(set: string, values: StoredRecord): readonly StoredRecord[]
  /** Changes another record (a header when an item changes). */
  touch(set: string, key: StoredRecord, patch: StoredRecord): void
}

export interface FakeSet {
  readonly name: string
  readonly type: string
  readonly label?: string
  readonly key: readonly string[]
  readonly properties: readonly FakeProperty[]
  readonly navigations?: readonly FakeNavigation[]
  /** Property that the ETag is made of. */
  readonly etag?: string
  readonly creatable?: boolean
  readonly updatable?: boolean
  readonly deletable?: boolean
  /** Completes a new record or refuses it. */
  onCreate?(record: StoredRecord, writing: Writing): void
  /** Completes a changed record or refuses the change. */
  onUpdate?(record: StoredRecord, patch: StoredRecord, writing: Writing): void
  onDelete?(record: StoredRecord, writing: Writing): void
}

export interface FakeService {
  /** `/sap/opu/odata/sap/API_BUSINESS_PARTNER`. */
  readonly path: string
  readonly version: 2 | 4
  readonly namespace: string
  readonly sets: readonly FakeSet[]
  /** Set stored under another name, so that two services show the same records. */
  readonly tables?: Readonly<Record<string, string>>
}
