/**
 * The part of the Standard Schema specification (version 1) that the client calls. zod, valibot, arktype and
 * others implement it, so a response can be typed by any of them without a dependency on one.
 */

/** A schema of any library that follows the specification. */
export interface StandardSchema<Output = unknown> {
  /** The interface of the specification. */
  readonly '~standard': {
    /** Version of the specification. */
    readonly version: 1
    /** Name of the library. */
    readonly vendor: string
    /** Validates a value. */
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    /** Types, for the compiler only. @default not declared */
    readonly types?:
      | {
          /** Type of the input. */
          readonly input: unknown
          /** Type of the output. */
          readonly output: Output
        }
      | undefined
  }
}

/** The result of a schema for a value. */
export type SchemaResult<Output> =
  | {
      /** The validated value. */
      readonly value: Output
      /** Issues of the value; absent when there are none. */
      readonly issues?: undefined
    }
  | {
      /** Issues of the value; absent when there are none. */
      readonly issues: readonly SchemaIssue[]
    }

/** One difference between a value and its schema. */
export interface SchemaIssue {
  /** Description of the issue. */
  readonly message: string
  /** Path from the root of the value. @default the root */
  readonly path?: readonly (PropertyKey | PathStep)[] | undefined
}

/** One step of a path, in its object form. */
export interface PathStep {
  /** Property name or index. */
  readonly key: PropertyKey
}

/** Position of the issue, as a JSON pointer (`/0/email`). Contains no value. */
export function issuePointer(issue: SchemaIssue): string {
  const keys = (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part))
  return keys.length === 0 ? '/' : `/${keys.join('/')}`
}
