/** What a route of the admin API is: the one source of its validation, its types, its documentation and its access control. */
import type { z } from 'zod'
import type { Permission } from './permissions.ts'

/** HTTP methods of the API. */
export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

/** One route. */
export interface RouteContract<
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
  Reply extends z.ZodType = z.ZodType,
> {
  readonly method: Method
  /** With parameters in braces, as in OpenAPI. */
  readonly path: string
  /** What a caller needs; `none`: no credentials are required. */
  readonly permission: Permission | 'none'
  /** Heading under which the reference lists it. */
  readonly tag: string
  /** One sentence: what it does. */
  readonly summary: string
  /** Path parameters. @default none */
  readonly params?: Params
  /** Query parameters; unknown ones are refused. @default none */
  readonly query?: Query
  /** JSON body; unknown keys are refused. @default none */
  readonly body?: Body
  /** What it responds with. @default 204 without a body */
  readonly reply?: Reply
  /** Media type of what it responds with. @default 'application/json' */
  readonly mediaType?: 'text/event-stream'
  /** Statuses of its own problems, in addition to 400, 401, 403, 429 and 503. @default none */
  readonly problems?: readonly (403 | 404 | 409)[]
  /** Its response contains a secret that is shown once: it is not kept for a repeat with the same idempotency key. @default false */
  readonly isShownOnce?: boolean
  /** Its query may contain a secret or a value of a record: the audit trail keeps the path alone. @default false */
  readonly hasSecretQuery?: boolean
  /** Leads the browser elsewhere: `location` of what it responds with. @default false */
  readonly isRedirect?: boolean
  /** Sets a cookie: it is served to pages of this server alone. @default false */
  readonly isBrowserOnly?: boolean
}

/** Keeps the types of the schemas of a route. */
export function defineRoute<
  Params extends z.ZodType = z.ZodUndefined,
  Query extends z.ZodType = z.ZodUndefined,
  Body extends z.ZodType = z.ZodUndefined,
  Reply extends z.ZodType = z.ZodUndefined,
>(route: RouteContract<Params, Query, Body, Reply>): RouteContract<Params, Query, Body, Reply> {
  return route
}
