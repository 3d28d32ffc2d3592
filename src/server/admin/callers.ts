/** Who makes a request: the owner of the token in its Authorization header, or of the session in its cookie. */
import type { FastifyRequest } from 'fastify'
import { type ApiRole, isGranted, isRole, type Permission } from '../../api/contract/permissions.ts'
import { roleNames } from '../../api/contract/tokens.ts'
import { IsthmusError } from '../../model/errors.ts'
import { hashSecret, isSecret } from '../../runtime/access-secrets.ts'
import type { AdminStore } from '../../store/admin-contract.ts'
import { refuseCrossSite } from '../sign-in/cross-site.ts'
import type { FailedAttempts } from '../sign-in/failed-attempts.ts'
import { type CookieNames, sessionHashOf, sessionMs } from '../sign-in/session-cookie.ts'

/** A caller with its roles. */
export interface Caller {
  /** As the journal names it. */
  readonly actor: string
  readonly name: string
  readonly kind: 'token' | 'local' | 'person'
  readonly roles: readonly ApiRole[]
  readonly expiresAt: number
  /** The session, unless it is a token. */
  readonly sessionId?: string
}

/** Who makes requests to routes that require no credentials. */
export const anonymous: Caller = {
  actor: 'anonymous',
  name: 'anonymous',
  kind: 'token',
  roles: [],
  expiresAt: Number.POSITIVE_INFINITY,
}

/** What finding a caller requires. */
export interface CallerSources {
  readonly admin: Pick<AdminStore, 'findAccessToken' | 'findSession'>
  readonly attempts: FailedAttempts
  readonly cookies: CookieNames
  /** Of the configured identity provider: sessions of another one are not valid. @default nobody signs in there */
  readonly policy?: string
}

/**
 * Finds the caller of a request. A token counts before a cookie.
 *
 * @throws API_UNAUTHENTICATED for credentials that are missing, malformed, unknown, expired or revoked, all with one message · API_CROSS_SITE for a
 *   change with a cookie that another site may have caused · API_TOO_MANY_REQUESTS · STORE_*
 */
export async function authenticate(sources: CallerSources, request: FastifyRequest): Promise<Caller> {
  const { authorization, cookie } = request.headers
  if (authorization !== undefined) {
    const secret = /^Bearer +(\S+)$/i.exec(authorization)?.[1]
    return await attempt(sources, request, authorization, async () =>
      secret !== undefined && isSecret(secret) ? await ownerOf(sources, hashSecret(secret)) : undefined,
    )
  }
  const hash = sessionHashOf(cookie, sources.cookies)
  if (hash === undefined) throw unauthenticated()
  const caller = await attempt(sources, request, Buffer.from(hash).toString('base64'), () =>
    personOf(sources, hash),
  )
  if (request.method !== 'GET' && request.method !== 'HEAD') refuseCrossSite(request)
  return caller
}

async function attempt(
  { attempts }: CallerSources,
  { ip }: FastifyRequest,
  credential: string,
  find: () => Promise<Caller | undefined>,
): Promise<Caller> {
  const key = Buffer.from(hashSecret(credential)).toString('base64')
  attempts.admit(ip, key)
  const caller = await find()
  if (caller === undefined) {
    attempts.failed(ip)
    throw unauthenticated()
  }
  attempts.succeeded(key)
  return caller
}

async function ownerOf({ admin }: CallerSources, hash: Uint8Array): Promise<Caller | undefined> {
  const token = await admin.findAccessToken(hash)
  if (token === undefined) return undefined
  const { name, roles, expiresAt } = token
  return { actor: `token:${name}`, name, kind: 'token', roles: roles.filter(isRole), expiresAt }
}

async function personOf({ admin, policy }: CallerSources, hash: Uint8Array): Promise<Caller | undefined> {
  const session = await admin.findSession(hash, sessionMs.idle)
  if (session === undefined) return undefined
  if (session.kind === 'person' && (policy === undefined || session.policy !== policy)) return undefined
  const { actor, name, kind, roles, expiresAt, id } = session
  return { actor, name, kind, roles: roles.filter(isRole), expiresAt, sessionId: id }
}

function unauthenticated(): IsthmusError {
  return new IsthmusError('API_UNAUTHENTICATED', 'the request has no valid token or session')
}

/** @throws API_FORBIDDEN when no role of the caller grants the permission */
export function requirePermission({ roles }: Caller, permission: Permission): void {
  if (isGranted(roles, permission)) return
  const granting = roleNames.filter((role) => isGranted([role], permission)).join(' or ')
  throw new IsthmusError(
    'API_FORBIDDEN',
    `the permission "${permission}" is required (role ${granting}); the caller has ${roles.length === 0 ? 'no role' : roles.join(', ')}`,
  )
}

/** True when the caller may be shown values of records. */
export function maySeeValues({ roles }: Caller): boolean {
  return isGranted(roles, 'read-values')
}
