/** Settings of the sign-in at an identity provider. They are the deployment's: nothing of it can be changed through the API. */
import { addressKindsAllowed } from '../http/network/address-guard.ts'
import { listOf, type SettingsReader } from './server-settings.ts'

/** An identity provider, and the roles that its claims give. */
export interface OidcSettings {
  /** `ISTHMUS_OIDC_ISSUER`. */
  readonly issuer: string
  /** `ISTHMUS_OIDC_CLIENT_ID`. */
  readonly clientId: string
  /** `ISTHMUS_OIDC_CLIENT_SECRET`. @default a public client */
  readonly clientSecret?: string
  /** `ISTHMUS_OIDC_SCOPE`. @default 'openid profile email' */
  readonly scope?: string
  /** `ISTHMUS_OIDC_CLAIM`: the claim that roles are found by. @default 'groups' */
  readonly claim: string
  /** `ISTHMUS_OIDC_ROLES`: roles by value of the claim, as a JSON object. */
  readonly roles: Readonly<Record<string, readonly string[]>>
  /** `ISTHMUS_OIDC_CA`: certificate authorities in PEM in addition to the built-in ones. @default none */
  readonly ca?: string
}

/** What the sign-in needs of the settings. */
export interface SignInSettings {
  /** The identity provider. Secret, non-enumerable. @default people sign in on their own machine alone */
  readonly oidc?: OidcSettings
  /** `ISTHMUS_NETWORK_ALLOW`: inner addresses that settings may name: `private`, `loopback`, networks, addresses. @default none */
  readonly networkAllow: readonly string[]
}

/** @param isRole whether a role of this name exists */
export function readSignInSettings(
  reader: SettingsReader,
  isRole: (name: string) => boolean,
): SignInSettings {
  const networkAllow = listOf(reader.text('ISTHMUS_NETWORK_ALLOW')) ?? []
  if (!addressKindsAllowed(networkAllow))
    reader.problems.push('ISTHMUS_NETWORK_ALLOW is not a list of private, loopback, networks or addresses')
  const oidc = oidcOf(reader, networkAllow, isRole)
  return { networkAllow, ...(oidc === undefined ? {} : { oidc }) }
}

function oidcOf(
  { text, problems }: SettingsReader,
  networkAllow: readonly string[],
  isRole: (name: string) => boolean,
): OidcSettings | undefined {
  const issuer = text('ISTHMUS_OIDC_ISSUER')
  if (issuer === undefined) return undefined
  const clientId = text('ISTHMUS_OIDC_CLIENT_ID')
  const roles = rolesOf(text('ISTHMUS_OIDC_ROLES'), isRole)
  const clientSecret = text('ISTHMUS_OIDC_CLIENT_SECRET')
  const scope = text('ISTHMUS_OIDC_SCOPE')
  const ca = text('ISTHMUS_OIDC_CA')
  if (!isIssuer(issuer, networkAllow)) problems.push('ISTHMUS_OIDC_ISSUER is not an address with https')
  if (clientId === undefined) problems.push('ISTHMUS_OIDC_CLIENT_ID is needed with ISTHMUS_OIDC_ISSUER')
  if (text('ISTHMUS_PUBLIC_URL') === undefined)
    problems.push('ISTHMUS_PUBLIC_URL is needed with ISTHMUS_OIDC_ISSUER: people are returned to it')
  if (roles === undefined)
    problems.push(
      'ISTHMUS_OIDC_ROLES is not a JSON object such as {"sync-operators":["viewer","operator"]}, with roles that exist',
    )
  if (clientId === undefined || roles === undefined) return undefined
  return {
    issuer,
    clientId,
    claim: text('ISTHMUS_OIDC_CLAIM') ?? 'groups',
    roles,
    ...(clientSecret === undefined ? {} : { clientSecret }),
    ...(scope === undefined ? {} : { scope }),
    ...(ca === undefined ? {} : { ca }),
  }
}

/** Plain HTTP is for trials on one machine, and has to be allowed. */
function isIssuer(text: string, networkAllow: readonly string[]): boolean {
  const url = URL.parse(text)
  if (url === null || url.username !== '' || url.search !== '' || url.hash !== '') return false
  const isLoopback = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
  return (
    url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback && networkAllow.includes('loopback'))
  )
}

function rolesOf(
  text: string | undefined,
  isRole: (name: string) => boolean,
): Readonly<Record<string, readonly string[]>> | undefined {
  let value: unknown
  try {
    value = JSON.parse(text ?? '')
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const entries = Object.entries(value)
  const areRoles = (roles: unknown): roles is string[] =>
    Array.isArray(roles) &&
    roles.length > 0 &&
    roles.every((role) => typeof role === 'string' && isRole(role))
  if (entries.length === 0 || !entries.every(([, roles]) => areRoles(roles))) return undefined
  return Object.fromEntries(entries)
}
