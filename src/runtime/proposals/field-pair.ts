/** Two fields of two systems, as a proposal pairs them. */
import type { FieldDescription } from '../../connectors/kit/description.ts'
import type { FieldType } from '../../model/values.ts'

/** Two fields that probably mean the same. */
export interface FieldPair {
  readonly left: FieldDescription
  readonly right: FieldDescription
  /** The type that the shared field would have. */
  readonly type: FieldType
  readonly confidence: 'high' | 'medium' | 'low'
  /** Why they are taken for a pair. */
  readonly reasons: readonly string[]
  /** `both` · `left`: only the left side can be changed, so it is the source · `right`: the other way round. */
  readonly source: 'both' | 'left' | 'right'
}
