/** The compiled form of an expression, for its callers. */
import type { LookupFunctions } from './lookup.ts'

/**
 * A compiled, sandboxed expression over a canonical document. Bounded in steps and depth; no clock, network
 * or randomness.
 */
export interface Expression {
  readonly source: string
  /** Lookups that it may use. @default none */
  readonly lookups?: readonly string[]
  /**
   * Evaluates on a canonical document, or on the same values prepared for calculation (numbers where they
   * stay exact).
   *
   * @param functions the answers of its lookups
   */
  evaluate(input: { readonly [key: string]: unknown }, functions?: LookupFunctions): Promise<unknown>
}
