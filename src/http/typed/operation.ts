/** The types of one operation in an OpenAPI document, in the form that `openapi-typescript` generates. */
import type { CallOptions } from '../options.ts'

/** Methods as named in an OpenAPI document. */
export type OperationMethod = 'get' | 'put' | 'post' | 'delete' | 'patch'

/** The paths that support this method. */
export type PathsOf<Paths, Method extends OperationMethod> = {
  [Path in keyof Paths]: Paths[Path] extends { readonly [Key in Method]: object } ? Path : never
}[keyof Paths] &
  string

/** One operation. */
export type OperationAt<
  Paths,
  Path extends keyof Paths,
  Method extends OperationMethod,
> = Paths[Path] extends {
  readonly [Key in Method]: infer Operation
}
  ? Operation
  : never

/** The parameters in one place (`path`, `query`, `header`); never when there are none. */
export type ParametersIn<Operation, Place extends string> =
  Operation extends Readonly<Record<'parameters', infer Parameters>>
    ? Place extends keyof Parameters
      ? Exclude<Parameters[Place], undefined>
      : never
    : never

/** An option that is required when any of its members is required, and not allowed when it has none. */
export type OptionOf<Name extends string, Value> = [Value] extends [never]
  ? { readonly [Key in Name]?: never }
  : Record<never, never> extends Value
    ? { readonly [Key in Name]?: Value }
    : { readonly [Key in Name]: Value }

/** JSON of any media type: `application/json`, `application/problem+json; charset=utf-8`. */
export type JsonOf<Media> =
  Media extends Readonly<Record<'content', infer Content>>
    ? Content[keyof Content & `${string}json${string}`]
    : undefined

/** The option `json`, required where the document requires a body. */
export type BodyOption<Operation> =
  Operation extends Readonly<Record<'requestBody', infer Body>>
    ? Readonly<Record<'json', JsonOf<Body>>>
    : Operation extends Partial<Readonly<Record<'requestBody', infer Body>>>
      ? [Exclude<Body, undefined>] extends [never]
        ? Partial<Readonly<Record<'json', never>>>
        : Partial<Readonly<Record<'json', JsonOf<Exclude<Body, undefined>>>>>
      : Partial<Readonly<Record<'json', never>>>

/**
 * Options of a call of this operation: its parameters and body as in the document, everything else as for any
 * call.
 */
export type OperationOptions<Operation> = Omit<CallOptions, 'path' | 'query' | 'headers' | 'json'> &
  OptionOf<'path', ParametersIn<Operation, 'path'>> &
  OptionOf<'query', ParametersIn<Operation, 'query'>> &
  HeaderOption<ParametersIn<Operation, 'header'>> &
  BodyOption<Operation>

/** Headers that the document does not specify are always allowed. */
export type HeaderOption<Value> = [Value] extends [never]
  ? Pick<CallOptions, 'headers'>
  : OptionOf<'headers', Value & Readonly<Record<string, string>>>

/** The options as an argument, which is optional when none of them is required. */
export type OptionsArgument<Operation> =
  Record<never, never> extends OperationOptions<Operation>
    ? readonly [options?: OperationOptions<Operation>]
    : readonly [options: OperationOptions<Operation>]

/** Statuses under which a document describes the data of a success. */
export type SuccessStatus = 200 | 201 | 202 | 203 | 204 | 205 | 206 | '2XX'

/** The data of a successful response; `undefined` where the document describes no JSON. */
export type SuccessOf<Operation> =
  Operation extends Readonly<Record<'responses', infer Responses>>
    ? [keyof Responses & SuccessStatus] extends [never]
      ? 'default' extends keyof Responses
        ? JsonOf<Responses['default']>
        : undefined
      : { [Status in keyof Responses & SuccessStatus]: JsonOf<Responses[Status]> }[keyof Responses &
          SuccessStatus]
    : unknown
