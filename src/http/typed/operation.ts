/** What the types of an OpenAPI document, in the shape that `openapi-typescript` writes, say about one operation. */
import type { CallOptions } from '../options.ts'

/** Methods as an OpenAPI document spells them. */
export type OperationMethod = 'get' | 'put' | 'post' | 'delete' | 'patch'

/** The paths that have an operation of this method. */
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

/** An option that has to be given when something in it has to be given, and must not be given when there is nothing. */
export type OptionOf<Name extends string, Value> = [Value] extends [never]
  ? { readonly [Key in Name]?: never }
  : Record<never, never> extends Value
    ? { readonly [Key in Name]?: Value }
    : { readonly [Key in Name]: Value }

/** JSON of any media type that says so: `application/json`, `application/problem+json; charset=utf-8`. */
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

/** Options of a call of this operation: its parameters and body by the document, everything else as always. */
export type OperationOptions<Operation> = Omit<CallOptions, 'path' | 'query' | 'headers' | 'json'> &
  OptionOf<'path', ParametersIn<Operation, 'path'>> &
  OptionOf<'query', ParametersIn<Operation, 'query'>> &
  HeaderOption<ParametersIn<Operation, 'header'>> &
  BodyOption<Operation>

/** Headers that the document does not name may always be given. */
export type HeaderOption<Value> = [Value] extends [never]
  ? Pick<CallOptions, 'headers'>
  : OptionOf<'headers', Value & Readonly<Record<string, string>>>

/** The options as an argument, which may be left out when nothing in them is needed. */
export type OptionsArgument<Operation> =
  Record<never, never> extends OperationOptions<Operation>
    ? readonly [options?: OperationOptions<Operation>]
    : readonly [options: OperationOptions<Operation>]

/** Statuses that a document describes the data of a success under. */
export type SuccessStatus = 200 | 201 | 202 | 203 | 204 | 205 | 206 | '2XX'

/** The data of a response that went well; `undefined` where the document describes no JSON. */
export type SuccessOf<Operation> =
  Operation extends Readonly<Record<'responses', infer Responses>>
    ? [keyof Responses & SuccessStatus] extends [never]
      ? 'default' extends keyof Responses
        ? JsonOf<Responses['default']>
        : undefined
      : { [Status in keyof Responses & SuccessStatus]: JsonOf<Responses[Status]> }[keyof Responses &
          SuccessStatus]
    : unknown
