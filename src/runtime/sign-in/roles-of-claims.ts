/** Roles from the claims of an identity provider. Nobody has a role that the settings don't give to one of the claim's values. */
import { IsthmusError } from '../../model/errors.ts'

/** Roles by value of the claim. */
export type RoleMap = Readonly<Record<string, readonly string[]>>

/** Where the roles are found. */
export interface ClaimMapping {
  /** Name of the claim, such as `groups`; of a claim inside another one with dots, as `realm_access.roles`. */
  readonly claim: string
  readonly roles: RoleMap
}

/**
 * Returns the roles that the claims give.
 *
 * @throws API_SIGN_IN_REFUSED when they give none, or when the provider has left out the values because they are too many
 */
export function rolesOfClaims(
  claims: Readonly<Record<string, unknown>>,
  { claim, roles }: ClaimMapping,
): readonly string[] {
  if (isLeftOut(claims, claim))
    throw new IsthmusError(
      'API_SIGN_IN_REFUSED',
      `the identity provider left out the claim "${claim}", because it has too many values: restrict it to the groups of this application`,
    )
  const values = valuesOf(claims, claim)
  const granted = new Set(
    values.flatMap((value) => (Object.hasOwn(roles, value) ? (roles[value] ?? []) : [])),
  )
  if (granted.size === 0)
    throw new IsthmusError('API_SIGN_IN_REFUSED', `no value of the claim "${claim}" has a role here`)
  return [...granted]
}

/** Microsoft Entra ID names the endpoint of a claim with too many values in `_claim_names`, or says `hasgroups`. */
function isLeftOut(claims: Readonly<Record<string, unknown>>, claim: string): boolean {
  const names = claims._claim_names
  const isNamed = typeof names === 'object' && names !== null && Object.hasOwn(names, claim)
  return isNamed || (claims.hasgroups !== undefined && claim === 'groups')
}

function valuesOf(claims: Readonly<Record<string, unknown>>, claim: string): readonly string[] {
  // A claim's name may contain dots, as URLs do: the whole name comes first.
  const found = Object.hasOwn(claims, claim)
    ? claims[claim]
    : claim.split('.').reduce(partOf, claims as unknown)
  const list = Array.isArray(found) ? found : [found]
  return list.filter((value): value is string => typeof value === 'string')
}

function partOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  return (value as Readonly<Record<string, unknown>>)[name]
}
