/** What a handler of the admin API gets and returns, by its route. */
import type { z } from 'zod'
import type { RouteContract } from '../../api/contract/route.ts'
import type { apiRoutes, RouteId } from '../../api/contract/routes.ts'
import type { Caller } from './callers.ts'
import type { AdminDependencies } from './dependencies.ts'
import type { Visit } from './visit.ts'

type Contracts = typeof apiRoutes

/** Routes that the admin API handles; the status page's own are served beside it. */
export type HandledId = Exclude<RouteId, 'getStatus' | 'listDecisions' | 'streamEvents' | 'getOpenApi'>

type PartsOf<Id extends HandledId> =
  Contracts[Id] extends RouteContract<infer Params, infer Query, infer Body, z.ZodType>
    ? { readonly params: z.output<Params>; readonly query: z.output<Query>; readonly body: z.output<Body> }
    : never

type ReplyOf<Id extends HandledId> =
  Contracts[Id] extends RouteContract<z.ZodType, z.ZodType, z.ZodType, infer Reply>
    ? Reply extends z.ZodUndefined
      ? unknown
      : z.input<Reply>
    : never

/** A request with what its handler may use. */
export interface Call {
  readonly caller: Caller
  readonly dependencies: AdminDependencies
  readonly visit: Visit
  /** True when the caller may be shown values. */
  readonly values: boolean
  /** Records that the values of these records are about to be shown; nothing is recorded for a caller who sees none. */
  disclose(recordIds: readonly string[]): Promise<void>
}

/** Handles the requests of one route. */
export type Handler<Id extends HandledId> = (parts: PartsOf<Id>, call: Call) => Promise<ReplyOf<Id>>

/** A handler for each of some routes. */
export type Handlers<Id extends HandledId> = { readonly [Key in Id]: Handler<Key> }
