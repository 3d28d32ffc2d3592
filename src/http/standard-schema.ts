/**
 * The part of the Standard Schema specification (version 1) that the client calls. zod, valibot, arktype and others implement it, so a
 * response can be typed by any of them without a dependency on one.
 */

/** A schema of any library that follows the specification. */
export interface StandardSchema<Output = unknown> {
  /** The interface of the specification. */
  readonly '~standard': {
    /** Version of the specification. */
    readonly version: 1
    /** Name of the library. */
    readonly vendor: string
    /** Checks a value. */
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    /** Types, for the compiler only. @default not declared */
    readonly types?:
      | {
          /** What it takes. */
          readonly input: unknown
          /** What it gives. */
          readonly output: Output
        }
      | undefined
  }
}

/** What a schema makes of a value. */
export type SchemaResult<Output> =
  | {
      /** The value as the schema makes it. */
      readonly value: Output
      /** What is wrong with it; absent when nothing is. */
      readonly issues?: undefined
    }
  | {
      /** What is wrong with it; absent when nothing is. */
      readonly issues: readonly SchemaIssue[]
    }

/** One difference between a value and its schema. */
export interface SchemaIssue {
  /** What is wrong, in words. */
  readonly message: string
  /** Where, from the root of the value. @default the root */
  readonly path?: readonly (PropertyKey | PathStep)[] | undefined
}

/** One step of a path, in the long form. */
export interface PathStep {
  /** Property name or index. */
  readonly key: PropertyKey
}

/** Where the issue is, as a JSON pointer (`/0/email`). Holds no value. */
export function issuePointer(issue: SchemaIssue): string {
  const keys = (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part))
  return keys.length === 0 ? '/' : `/${keys.join('/')}`
}
