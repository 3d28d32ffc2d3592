/** What the compiler of expressions gives to whoever evaluates them. */
import type { LookupFunctions } from './lookup.ts'

/** A compiled, sandboxed expression over a canonical document. Bounded in steps and depth; no clock, network or randomness. */
export interface Expression {
  readonly source: string
  /** Lookups that it may ask. @default none */
  readonly lookups?: readonly string[]
  /**
   * Evaluates on a canonical document, or on the same values prepared for calculation (numbers where they stay exact).
   *
   * @param functions what its lookups answer
   */
  evaluate(input: { readonly [key: string]: unknown }, functions?: LookupFunctions): Promise<unknown>
}
