/** One field as a system showed it, with its known state. */
import type { AgreedField, MemberField } from '../state.ts'
import type { FieldRole, FieldShape } from './entity-shape.ts'
import type { MaybeValue } from './equivalence.ts'
import type { UnverifiedObservation } from './unverified-write.ts'
/** The meaning of an observation, and the field's state after it where nothing has to be decided. */
export type Classification =
  | { readonly kind: 'quiet' | 'empty'; readonly state: MemberField }
  | {
      readonly kind: 'missing'
      readonly state: MemberField
      /** The system's own default can't be told from an edit. */
      readonly maybeEdited?: true
    }
  | {
      readonly kind: 'settled'
      readonly state: MemberField
      readonly note?: 'coerced' | 'resurfaced' | 'not-stored' | 'refused'
    }
  | {
      readonly kind: 'changed'
      /** The value was changed without knowledge of the agreed one. */
      readonly concurrent: boolean
      /** The field was absorbed before, so this is an edit and not just a first contact. */
      readonly edited: boolean
    }

/** One observation of one field in one system. */
export interface ClassifyInput {
  readonly shape: FieldShape
  readonly role: FieldRole
  readonly state: MemberField
  readonly agreed: AgreedField
  readonly observed: MaybeValue
  /** When and under which version it was observed, and how long the system may take to show a write. */
  readonly read: Pick<UnverifiedObservation, 'version' | 'at' | 'settleMs' | 'definition'>
}
