/** A client whose paths, parameters and bodies are checked by the compiler against an OpenAPI document. */
import type { Method } from '../call.ts'
import type { ApiClient } from '../client.ts'
import type { CallOptions } from '../options.ts'
import type { OperationAt, OperationMethod, OptionsArgument, PathsOf, SuccessOf } from './operation.ts'

/** A call of one method, typed by the document. */
export type TypedCall<Paths, Name extends OperationMethod> = <Path extends PathsOf<Paths, Name>>(
  path: Path,
  ...options: OptionsArgument<OperationAt<Paths, Path, Name>>
) => Promise<SuccessOf<OperationAt<Paths, Path, Name>>>

/** The methods of a client, typed by the document. */
export type TypedClient<Paths> = { readonly [Name in OperationMethod]: TypedCall<Paths, Name> }

/**
 * Applies the types of an OpenAPI document to a client. `Paths` is the type that `npx openapi-typescript
 * api.yaml -o api.ts` exports under that name.
 *
 * The document's types are not enforced: a response is not validated at run time. Pass a `schema` to {@link
 * ApiClient.get} where that is needed.
 *
 * ```ts
 * import { ApiClient, createTypedClient } from 'isthmus/http'
 * interface paths { '/users': { get: { responses: { 200: { content: { 'application/json': { id: number }[] } } } } } }
 * const users = createTypedClient<paths>(new ApiClient({ baseUrl: 'https://api.example.com' }))
 * const first = (await users.get('/users'))[0]?.id
 * ```
 */
export function createTypedClient<Paths>(client: ApiClient): TypedClient<Paths> {
  const call =
    (method: Method) =>
    async (path: string, ...[options]: readonly unknown[]): Promise<never> => {
      // The only place where the document's types meet the client's: inputs are compatible with its options,
      // outputs are not validated.
      const response = await client.send(method, path, options as CallOptions | undefined)
      return response.data as never
    }
  return {
    get: call('GET'),
    put: call('PUT'),
    post: call('POST'),
    patch: call('PATCH'),
    delete: call('DELETE'),
  }
}
