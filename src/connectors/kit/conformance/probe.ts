import type { RemoteCapabilities } from '../capabilities.ts'
import type { Resource } from '../contract.ts'
import type { ProbeBench } from './bench.ts'

/** One testable statement about a connector. */
export interface Probe {
  /** Stable, kebab-case; waivers refer to it. */
  readonly name: string
  /** The statement that it proves, in words for users. */
  readonly proves: string
  /** Its effect on the system: it only reads, or creates, changes and removes its own records. */
  readonly touches: 'nothing' | 'records'
  /** Returns why it does not apply to this resource; undefined when it does. @default it always applies */
  readonly skips?: (capabilities: RemoteCapabilities, resource: Resource) => string | undefined
  /**
   * Runs the test. The returned text is shown next to the statement: figures, counts. @throws by {@link fail}
   * and {@link skip}
   */
  run(bench: ProbeBench): Promise<string | undefined>
}

/** Outcome of one probe on one resource. */
export type ProbeOutcome =
  /** The statement holds. */
  | {
      readonly kind: 'passed'
      /** Observations for the report. */
      readonly words?: string
    }
  /** The connector, or its declaration, is wrong. */
  | {
      readonly kind: 'failed'
      /** Observations for the report. */
      readonly words: string
    }
  /** It could not be tested here. */
  | {
      readonly kind: 'skipped'
      /** The reason, for the report. */
      readonly words: string
    }
  /** It does not apply to a resource with these capabilities. */
  | {
      readonly kind: 'not-applicable'
      /** The reason, for the report. */
      readonly words: string
    }
