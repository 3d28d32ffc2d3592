/** Describes a system from the schema of a GraphQL API. */

import { introspectionQuery, schemaFromText } from '../../connectors/graphql/introspect.ts'
import { proposeResources } from '../../connectors/graphql/schema/propose-system.ts'
import { isNativeRecord } from '../../connectors/kit/native.ts'
import { writeJson } from '../../http/json.ts'
import { UsageError } from '../../model/errors.ts'
import type { DescribedSystem, DescriptionSource } from './described-system.ts'
import {
  describingClient,
  fetchDescription,
  isAddress,
  isLoopbackAddress,
  withoutQuery,
} from './fetch-description.ts'

/** @throws UsageError CONNECTOR_DESCRIPTION_UNUSABLE · CLI_NOT_FOUND · the client's errors */
export async function fromGraphql(source: DescriptionSource): Promise<DescribedSystem> {
  const place = withoutQuery(source.from)
  const live = isAddress(source.from)
  const text = live ? await introspected(source) : await fetchDescription(source, '*/*')
  const resources = proposeResources(schemaFromText(text, place))
  if (resources.length === 0) {
    const what = 'no type was recognised that can be listed and read by id'
    throw new UsageError('CONNECTOR_DESCRIPTION_UNUSABLE', `${place} can't be used: ${what}.`)
  }
  const { origin, pathname } = live ? new URL(source.from) : { origin: undefined, pathname: '/graphql' }
  const token = source.token === undefined && live ? {} : { auth: { type: 'bearer', token: '{env:TOKEN}' } }
  return {
    name: source.name,
    connector: 'graphql',
    section: {
      url: '{env:URL}',
      ...(isLoopbackAddress(source.from) ? { allowHttp: true } : {}),
      ...token,
    },
    resourcesIn: 'manifest',
    manifest: pathname === '/graphql' ? {} : { path: pathname },
    variables: [
      { name: 'URL', ...(origin === undefined ? {} : { value: origin }) },
      ...('auth' in token ? [{ name: 'TOKEN' }] : []),
    ],
    resources: resources.map(({ name, manifest, description, notes }) => {
      const { create, update, remove, version } = manifest
      const changing = [update?.query, remove?.delete].filter((one) => one !== undefined)
      return {
        name,
        description,
        settings: manifest,
        canCreate: create !== undefined && create.as !== 'unsupported',
        canUpdate: update !== undefined,
        conditional:
          version !== undefined && changing.length > 0 && changing.every((one) => one.includes('$version')),
        notes,
      }
    }),
    notes: live ? [] : ['the schema does not contain the URL of the API: put it into the variable'],
  }
}

async function introspected(source: DescriptionSource): Promise<string> {
  const client = describingClient(source)
  const place = withoutQuery(source.from)
  try {
    const { pathname } = new URL(source.from)
    const body = { query: introspectionQuery }
    const response = await client.send('POST', pathname, {
      json: body,
      readOnly: true,
      signal: source.signal,
    })
    if (isNativeRecord(response.data) && isNativeRecord(response.data.data)) return writeJson(response.data)
    throw new UsageError(
      'CONNECTOR_DESCRIPTION_UNUSABLE',
      `${place} does not return its schema: allow introspection, pass a token with --token, or name a file with the schema.`,
    )
  } finally {
    await client.close()
  }
}
