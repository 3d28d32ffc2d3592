/** Who makes a request: the owner of the token in its Authorization header. */
import type { FastifyRequest } from 'fastify'
import { type ApiRole, grants, isGranted, type Permission } from '../../api/contract/permissions.ts'
import { roleNames } from '../../api/contract/tokens.ts'
import { IsthmusError } from '../../model/errors.ts'
import { hashSecret, isSecret } from '../../runtime/access-secrets.ts'
import type { AdminStore } from '../../store/admin-contract.ts'

/** A caller with its roles. */
export interface Caller {
  /** As the journal names it. */
  readonly actor: string
  readonly name: string
  readonly roles: readonly ApiRole[]
  readonly expiresAt: number
}

/**
 * Finds the caller of a request.
 *
 * @throws API_UNAUTHENTICATED for a missing, malformed, unknown, expired or revoked token, all with one message · STORE_*
 */
export async function authenticate(
  admin: Pick<AdminStore, 'findAccessToken'>,
  request: FastifyRequest,
): Promise<Caller> {
  const secret = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
  const token =
    secret !== undefined && isSecret(secret) ? await admin.findAccessToken(hashSecret(secret)) : undefined
  if (token === undefined) throw new IsthmusError('API_UNAUTHENTICATED', 'the request has no valid token')
  const { name, roles, expiresAt } = token
  return { actor: `token:${name}`, name, roles: roles.filter(isRole), expiresAt }
}

/** A role that this version does not know grants nothing. */
function isRole(role: string): role is ApiRole {
  return Object.hasOwn(grants, role)
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
