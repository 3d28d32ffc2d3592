/** One field as a system showed it, with what is known of it. */
import type { AgreedField, MemberField } from '../state.ts'
import type { FieldRole, FieldShape } from './entity-shape.ts'
import type { MaybeValue } from './equivalence.ts'
import type { UnverifiedObservation } from './unverified-write.ts'
/** What a look means, and the field's state after it where nothing has to be decided. */
export type Look =
  | { readonly kind: 'quiet' | 'empty'; readonly state: MemberField }
  | {
      readonly kind: 'missing'
      readonly state: MemberField
      /** Nobody can tell the system's own value from an edit. */
      readonly maybeEdited?: true
    }
  | {
      readonly kind: 'settled'
      readonly state: MemberField
      readonly note?: 'coerced' | 'resurfaced' | 'not-stored' | 'refused'
    }
  | {
      readonly kind: 'changed'
      /** Somebody here didn't know the agreed value when they changed theirs. */
      readonly concurrent: boolean
      /** It was absorbed before, so this is an edit and not just a first contact. */
      readonly edited: boolean
    }

/** One look at one field in one system. */
export interface ClassifyInput {
  readonly shape: FieldShape
  readonly role: FieldRole
  readonly state: MemberField
  readonly agreed: AgreedField
  readonly observed: MaybeValue
  /** When and under which version it was seen, and how long the system may take to show a write. */
  readonly look: Pick<UnverifiedObservation, 'version' | 'at' | 'settleMs' | 'definition'>
}
