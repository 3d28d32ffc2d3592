/** What a system reports about itself: the fields of its resources, and how much of its quotas is used. */
import type { FieldType } from '../../model/values.ts'

/** One resource (object, table, entity set, collection) as the system describes it now. */
export interface ResourceDescription {
  /** The name that a definition uses. */
  readonly name: string
  /** The system's display name for it. */
  readonly label?: string
  /** The properties of its records. */
  readonly fields: readonly FieldDescription[]
  /** Native paths of the fields that identify a record. */
  readonly key: readonly (readonly (string | number)[])[]
  /**
   * Further combinations of fields that the system keeps unique, by native path. For a single field see
   * {@link FieldDescription.unique}.
   */
  readonly uniques?: readonly (readonly (readonly (string | number)[])[])[]
}

/** One field of a resource. Properties that the system does not report are omitted. */
export interface FieldDescription {
  /** Where it is in a native record. */
  readonly path: readonly (string | number)[]
  /** The system's display name for it. */
  readonly label?: string
  /** The type in the system's own terms: `currency(18,2)`, `Edm.String`, `timestamptz`. */
  readonly nativeType: string
  /** The canonical type that holds every value of it; undefined when none does. */
  readonly type?: FieldType
  /** Maximum number of characters of a text. */
  readonly maxLength?: number
  /** Total number of digits, before and after the decimal point. */
  readonly precision?: number
  /** Decimals after the point. @default not known */
  readonly scale?: number
  /** A create without it is refused. */
  readonly required: boolean
  /** The API accepts null for it. */
  readonly nullable: boolean
  /** May be set in a create. */
  readonly creatable: boolean
  /** May be changed after the create. */
  readonly updatable: boolean
  /** The only values it accepts. */
  readonly values?: readonly string[]
  /** The system keeps it unique by itself, not only in combination with other fields. */
  readonly unique?: boolean
  /** The system generates a value (a counter, a random id) when a create omits it. */
  readonly generated?: boolean
  /** Resources whose records it points to. */
  readonly references?: readonly string[]
}

/** One quota of a system. */
export interface SystemUsage {
  /** The system's name for it: `DailyApiRequests`. */
  readonly name: string
  /** Calls allowed in the window. */
  readonly limit: number
  /** Calls remaining in the window. */
  readonly remaining: number
  /** Length of the window in milliseconds, if the system reports or documents it. */
  readonly windowMs?: number
  /** When the window resets, epoch ms. */
  readonly resetsAt?: number
  /** When the system reported it, epoch ms. */
  readonly reportedAt: number
}
