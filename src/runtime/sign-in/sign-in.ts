/** Signing in at the configured identity provider: who a person is, and with which roles. */
import { createHash } from 'node:crypto'
import {
  createIdentityProvider,
  type IdentityProviderOptions,
  type SignInMemory,
} from '../../http/sign-in/identity-provider.ts'
import type { Settings } from '../config.ts'
import { type ClaimMapping, rolesOfClaims } from './roles-of-claims.ts'

export type { SignInMemory }

/** A person who has signed in. */
export interface SignedInPerson {
  /** As the journal names it: by issuer and subject, the only names that nobody else can get. */
  readonly actor: string
  /** As people know it. */
  readonly name: string
  /** Roles of the admin API. */
  readonly roles: readonly string[]
}

/** Where to send a browser. */
export interface SignInStart {
  /** Address at the identity provider. */
  readonly url: string
  /** What the browser keeps until it returns. */
  readonly memory: SignInMemory
}

/** Signing in at an identity provider. */
export interface SignIn {
  /** Differs when the provider or the mapping of roles does: sessions of another one are not valid. */
  readonly policy: string
  /** Returns where to send the browser, and what it has to keep until it returns. */
  begin(): Promise<SignInStart>
  /** @throws API_SIGN_IN_REFUSED · API_SIGN_IN_UNAVAILABLE */
  finish(parameters: URLSearchParams, memory: SignInMemory): Promise<SignedInPerson>
  /** Closes its connections. */
  close(): Promise<void>
}

/** The provider, and the mapping of its claims. */
export interface SignInOptions extends IdentityProviderOptions {
  readonly mapping: ClaimMapping
}

/** Nothing is requested before the first sign-in. */
export function createSignIn({ mapping, ...provider }: SignInOptions): SignIn {
  const identities = createIdentityProvider(provider)
  const { issuer, clientId } = provider
  return {
    policy: createHash('sha256')
      .update(JSON.stringify([issuer, clientId, mapping]))
      .digest('base64url'),
    begin: () => identities.begin(),
    close: () => identities.close(),
    finish: async (parameters, memory) => {
      const { subject, claims, ...identity } = await identities.finish(parameters, memory)
      const roles = rolesOfClaims(claims, mapping)
      return { actor: `person:${subject}@${identity.issuer}`, name: nameOf(claims) ?? subject, roles }
    },
  }
}

function nameOf(claims: Readonly<Record<string, unknown>>): string | undefined {
  const found = [claims.email, claims.preferred_username, claims.name].find(
    (value) => typeof value === 'string' && value !== '',
  )
  return typeof found === 'string' ? found.slice(0, 200) : undefined
}

/** The path that the identity provider returns people to. */
const callbackPath = '/api/v1/session/oidc/callback'

/** The sign-in that the settings describe; undefined without an identity provider. */
export function signInOf({
  oidc,
  publicUrl,
  networkAllow,
}: Pick<Settings, 'oidc' | 'publicUrl' | 'networkAllow'>): SignIn | undefined {
  if (oidc === undefined) return undefined
  const { claim, roles, ...provider } = oidc
  return createSignIn({
    ...provider,
    mapping: { claim, roles },
    redirectUri: `${publicUrl ?? ''}${callbackPath}`,
    allow: networkAllow,
  })
}
