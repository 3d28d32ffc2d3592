/** A proposed pair of fields of two systems. */
import type { FieldDescription } from '../../connectors/kit/description.ts'
import type { FieldType } from '../../model/values.ts'

/** Two fields that probably have the same meaning. */
export interface FieldPair {
  readonly left: FieldDescription
  readonly right: FieldDescription
  /** Type of the shared field. */
  readonly type: FieldType
  readonly confidence: 'high' | 'medium' | 'low'
  /** Why they were paired. */
  readonly reasons: readonly string[]
  /**
   * `both` · `left`: only the left side can be changed, so it is the source · `right`: only the right side
   * can.
   */
  readonly source: 'both' | 'left' | 'right'
}
