/** What a system tells about itself: the fields of its resources, and how much of its quotas is used. */
import type { FieldType } from '../../model/values.ts'

/** One resource (object, table, entity set, collection) as the system describes it now. */
export interface ResourceDescription {
  /** The name that a definition uses. */
  readonly name: string
  /** The system's own words, for people. */
  readonly label?: string
  /** The properties of its records. */
  readonly fields: readonly FieldDescription[]
  /** Native paths of the fields that identify a record. */
  readonly key: readonly (readonly (string | number)[])[]
  /** Further combinations of fields that the system keeps unique, by native path. One field alone is told by {@link FieldDescription.unique}. */
  readonly uniques?: readonly (readonly (readonly (string | number)[])[])[]
}

/** One field of a resource. What the system doesn't tell is left out. */
export interface FieldDescription {
  /** Where it is in a native record. */
  readonly path: readonly (string | number)[]
  /** What the API calls it for people. */
  readonly label?: string
  /** The type in the system's own words: `currency(18,2)`, `Edm.String`, `timestamptz`. */
  readonly nativeType: string
  /** The canonical type that holds every value of it; undefined when none does. */
  readonly type?: FieldType
  /** Characters of a text. */
  readonly maxLength?: number
  /** Digits in all, and after the decimal point. */
  readonly precision?: number
  /** Decimals after the point. @default not known */
  readonly scale?: number
  /** A create without it is refused. */
  readonly required: boolean
  /** The API accepts null for it. */
  readonly nullable: boolean
  /** May be given in a create, and changed later. */
  readonly creatable: boolean
  /** It can be changed after the create. */
  readonly updatable: boolean
  /** The only values it accepts. */
  readonly values?: readonly string[]
  /** The system keeps it unique, by itself and not only together with other fields. */
  readonly unique?: boolean
  /** The system gives it a value of its own (a counter, a random id) when a create leaves it out. */
  readonly generated?: boolean
  /** Resources whose records it points to. */
  readonly references?: readonly string[]
}

/** One quota of a system. */
export interface SystemUsage {
  /** The system's name for it: `DailyApiRequests`. */
  readonly name: string
  /** Calls that are allowed in the period. */
  readonly limit: number
  /** Calls that are left in it. */
  readonly remaining: number
  /** Length of the window, milliseconds, when the system tells or documents it. */
  readonly windowMs?: number
  /** When the window starts anew, epoch ms. */
  readonly resetsAt?: number
  /** When it was told, epoch ms. */
  readonly toldAt: number
}
