/**
 * Proposes the authentication from the security schemes of the document. Secrets become names of variables.
 */
import { isNativeRecord } from '../../kit/native.ts'
import { member, type OpenApiDocument, type OpenApiNode, resolved, resolvedList, textOf } from './document.ts'

/**
 * The `auth` of a system, with the names of the variables that contain its secrets: `TOKEN` for
 * `${env:<SYSTEM>_TOKEN}`.
 */
export interface ProposedAuth {
  /** Undefined when the document requires none. Values `{env:NAME}` stand for variables of the system. */
  readonly auth: Readonly<Record<string, string>> | undefined
  readonly variables: readonly string[]
  readonly notes: readonly string[]
}

const none: ProposedAuth = { auth: undefined, variables: [], notes: [] }

/** Proposes the first scheme that the API requires and the client supports. */
export function proposeAuth(document: OpenApiDocument): ProposedAuth {
  const schemes = member(document, member(document, document.root, 'components'), 'securitySchemes')
  if (schemes === undefined) return none
  const wanted = resolvedList(document, document.root.security).flatMap((one) => Object.keys(one))
  const names = [...wanted, ...Object.keys(schemes).filter((name) => !wanted.includes(name))]
  const notes: string[] = []
  for (const name of names) {
    const scheme = resolved(document, schemes[name])
    const made = scheme === undefined ? undefined : authOf(document, scheme)
    if (made !== undefined) return { ...made, notes: [...notes, ...made.notes] }
    notes.push(`the security scheme ${name} is of a kind that is not known here: see how to authenticate`)
  }
  return { ...none, notes }
}

function authOf(document: OpenApiDocument, scheme: OpenApiNode): ProposedAuth | undefined {
  switch (textOf(scheme, 'type')) {
    case 'http':
      return httpAuth(textOf(scheme, 'scheme')?.toLowerCase())
    case 'apiKey':
      return keyAuth(scheme)
    case 'oauth2':
      return oauth(member(document, scheme, 'flows'), document)
    case 'openIdConnect':
      return {
        ...bearer,
        notes: ['OpenID Connect: a token is taken from a variable; better is oauth2-client-credentials'],
      }
    default:
      return undefined
  }
}

const bearer: ProposedAuth = {
  auth: { type: 'bearer', token: '{env:TOKEN}' },
  variables: ['TOKEN'],
  notes: [],
}

function httpAuth(scheme: string | undefined): ProposedAuth | undefined {
  if (scheme === 'bearer') return bearer
  if (scheme !== 'basic') return undefined
  return {
    auth: { type: 'basic', username: '{env:USER}', password: '{env:PASSWORD}' },
    variables: ['USER', 'PASSWORD'],
    notes: [],
  }
}

function keyAuth(scheme: OpenApiNode): ProposedAuth | undefined {
  const name = textOf(scheme, 'name')
  const place = textOf(scheme, 'in')
  if (name === undefined || (place !== 'header' && place !== 'query')) return undefined
  return {
    auth: { type: 'api-key', [place]: name, value: '{env:API_KEY}' },
    variables: ['API_KEY'],
    notes: [],
  }
}

function oauth(flows: OpenApiNode | undefined, document: OpenApiDocument): ProposedAuth | undefined {
  const credentials = member(document, flows, 'clientCredentials')
  const code = member(document, flows, 'authorizationCode')
  const flow = credentials ?? code
  const tokenUrl = textOf(flow, 'tokenUrl')
  if (flow === undefined || tokenUrl === undefined) return undefined
  const scope = isNativeRecord(flow.scopes) ? Object.keys(flow.scopes).join(' ') : ''
  const client = {
    tokenUrl,
    clientId: '{env:CLIENT_ID}',
    clientSecret: '{env:CLIENT_SECRET}',
    ...(scope === '' ? {} : { scope }),
  }
  const variables = ['CLIENT_ID', 'CLIENT_SECRET']
  if (credentials !== undefined)
    return {
      auth: { type: 'oauth2-client-credentials', ...client },
      variables,
      notes: ['ask only for the scopes that are needed'],
    }
  return {
    auth: { type: 'oauth2-refresh-token', ...client, refreshToken: '{env:REFRESH_TOKEN}' },
    variables: [...variables, 'REFRESH_TOKEN'],
    notes: ['a person has to consent once; the refresh token of that goes into the variable'],
  }
}
