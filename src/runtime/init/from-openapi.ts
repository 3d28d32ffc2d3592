/** Describes a system from an OpenAPI document. */
import { isNativeRecord } from '../../connectors/kit/native.ts'
import { readOpenApi } from '../../connectors/rest/openapi/document.ts'
import { proposeSystem } from '../../connectors/rest/openapi/propose-system.ts'
import type { DescribedSystem, DescriptionSource } from './described-system.ts'
import { fetchDescription, isLoopbackAddress, withoutQuery } from './fetch-description.ts'

/** @throws UsageError CONNECTOR_DESCRIPTION_UNUSABLE · CLI_NOT_FOUND · the client's errors */
export async function fromOpenApi(source: DescriptionSource): Promise<DescribedSystem> {
  const text = await fetchDescription(
    source,
    'application/json, application/yaml;q=0.9, text/yaml;q=0.9, */*;q=0.5',
  )
  const place = withoutQuery(source.from)
  const { url, auth, resources } = proposeSystem(readOpenApi(text, place), place)
  const isPublic = url?.startsWith('https://') === true || url === undefined
  return {
    name: source.name,
    connector: 'rest',
    section: {
      url: '{env:URL}',
      ...(url !== undefined && isLoopbackAddress(url) ? { allowHttp: true } : {}),
      ...(auth.auth === undefined ? {} : { auth: auth.auth }),
    },
    resourcesIn: 'manifest',
    variables: [
      { name: 'URL', ...(url === undefined ? {} : { value: url }) },
      ...auth.variables.map((name) => ({ name })),
    ],
    resources: resources.map(({ name, manifest, description, notes }) => {
      const { version, create } = manifest
      return {
        name,
        description,
        settings: manifest,
        canCreate: create !== undefined && create.as !== 'unsupported',
        canUpdate: description.fields.some((field) => field.updatable),
        conditional: isNativeRecord(version) && typeof version.ifMatch === 'string',
        notes,
      }
    }),
    notes: [
      ...auth.notes,
      ...(url === undefined ? ['the document names no server: put the URL into the variable'] : []),
      ...(isPublic || isLoopbackAddress(url ?? '')
        ? []
        : ['the server is named with http: only https is called']),
    ],
  }
}
