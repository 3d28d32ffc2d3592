/**
 * Who may do what through the admin API. Each route requires one permission; what no role grants, nobody may do.
 *
 * Roles do not include each other: an `admin` grants access and sees no values, an `operator` releases nothing that the guard has stopped.
 */
import { z } from 'zod'

/**
 * - `read`: status, lists and records without values · `read-values`: the values of records too
 * - `operate`: retry, refresh, run, pause, and decide conflicts and matches · `approve`: release or reject what is held, and accept another account
 * - `change-mapping`: accept the changed schema of a system · `manage-access`: tokens · `read-audit`: who did and saw what
 */
export const permissions = [
  'read',
  'read-values',
  'operate',
  'approve',
  'change-mapping',
  'manage-access',
  'read-audit',
] as const
/** One of {@link permissions}. */
export type Permission = (typeof permissions)[number]

/** What each role grants. */
export const grants = {
  viewer: ['read'],
  operator: ['read', 'operate'],
  'data-reader': ['read', 'read-values'],
  approver: ['read', 'approve'],
  mapper: ['read', 'change-mapping'],
  admin: ['read', 'manage-access'],
  auditor: ['read', 'read-audit'],
} as const satisfies Readonly<Record<string, readonly Permission[]>>

/** A role of a person or a token. */
export type ApiRole = keyof typeof grants

/** Names of the roles, in the order of {@link grants}. */
export const roleSchema = z.enum(Object.keys(grants) as [ApiRole, ...ApiRole[]]).meta({
  id: 'Role',
  description:
    'viewer: everything but values. operator: retries, runs, pauses, decides conflicts and matches. data-reader: values. approver: releases what is held. mapper: accepts changed schemas. admin: tokens. auditor: the audit trail.',
})

/** A role that this version does not know grants nothing. */
export function isRole(name: string): name is ApiRole {
  return Object.hasOwn(grants, name)
}

/** True when one of the roles grants the permission. */
export function isGranted(roles: readonly ApiRole[], permission: Permission): boolean {
  return roles.some((role) => (grants[role] as readonly Permission[]).includes(permission))
}
