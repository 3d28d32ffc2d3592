import type { RemoteCapabilities } from '../capabilities.ts'
import type { Resource } from '../contract.ts'
import type { ProbeBench } from './bench.ts'

/** One sentence about a connector that can be put to the test. */
export interface Probe {
  /** Stable, kebab-case: waivers name it. */
  readonly name: string
  /** What is true when it holds, in words for people. */
  readonly proves: string
  /** What it does at the system: nothing but look, or create, change and remove records of its own. */
  readonly touches: 'nothing' | 'records'
  /** Why it says nothing about this resource; undefined when it does. @default it always applies */
  readonly skips?: (capabilities: RemoteCapabilities, resource: Resource) => string | undefined
  /** Tries it. What it gives back is shown beside the sentence: figures, how often. @throws by {@link fail} and {@link skip} */
  run(bench: ProbeBench): Promise<string | undefined>
}

/** What came of one probe on one resource. */
export type ProbeOutcome =
  /** The promise was kept. */
  | {
      readonly kind: 'passed'
      /** What was seen, for the report. */
      readonly words?: string
    }
  /** The connector, or its declaration, is wrong. */
  | {
      readonly kind: 'failed'
      /** What was seen, for the report. */
      readonly words: string
    }
  /** It could not be tried here. */
  | {
      readonly kind: 'skipped'
      /** What was seen, for the report. */
      readonly words: string
    }
  /** It says nothing about a resource that declares what this one does. */
  | {
      readonly kind: 'not-applicable'
      /** What was seen, for the report. */
      readonly words: string
    }
