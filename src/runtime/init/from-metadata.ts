/** Describes a system from the `$metadata` of an OData service. */
import { describeSet } from '../../connectors/kit/odata/describe.ts'
import { parseMetadata } from '../../connectors/kit/odata/metadata/edmx.ts'
import type { EntitySet } from '../../connectors/kit/odata/metadata/model.ts'
import { UsageError } from '../../model/errors.ts'
import type { DescribedResource, DescribedSystem, DescriptionSource } from './described-system.ts'
import { fetchDescription, isAddress, isLoopbackAddress, withoutQuery } from './fetch-description.ts'

/**
 * @throws UsageError CONNECTOR_DESCRIPTION_UNUSABLE · CLI_NOT_FOUND · IsthmusError
 *   CONNECTOR_RESPONSE_UNUSABLE · the client's errors
 */
export async function fromMetadata(source: DescriptionSource): Promise<DescribedSystem> {
  const live = isAddress(source.from)
  const root = withoutQuery(source.from)
    .replace(/\/\$metadata$/, '')
    .replace(/\/+$/, '')
  const address = live ? { ...source, from: `${root}/$metadata${new URL(source.from).search}` } : source
  const model = parseMetadata(await fetchDescription(address, 'application/xml'))
  const resources = [...model.sets.values()].map((set) => {
    const description = describeSet(set.name, model, set)
    return { ...resourceOf(set), name: set.name, description }
  })
  if (resources.length === 0)
    throw new UsageError('CONNECTOR_DESCRIPTION_UNUSABLE', `${withoutQuery(source.from)} has no entity set.`)
  const auth =
    source.token !== undefined
      ? { auth: { type: 'bearer', token: '{env:TOKEN}' }, variables: ['TOKEN'] }
      : live
        ? { auth: undefined, variables: [] }
        : {
            auth: { type: 'basic', username: '{env:USER}', password: '{env:PASSWORD}' },
            variables: ['USER', 'PASSWORD'],
          }
  return {
    name: source.name,
    connector: 'odata',
    section: {
      url: '{env:URL}',
      ...(isLoopbackAddress(source.from) ? { allowHttp: true } : {}),
      ...(auth.auth === undefined ? {} : { auth: auth.auth }),
    },
    resourcesIn: 'resources',
    variables: [
      { name: 'URL', ...(live ? { value: root } : {}) },
      ...auth.variables.map((name) => ({ name })),
    ],
    resources,
    notes: live
      ? []
      : ['the metadata contains neither the URL of the service nor its authentication: add both'],
  }
}

function resourceOf(set: EntitySet): Omit<DescribedResource, 'name' | 'description'> {
  const notes = [
    'if the service returns ETags and honours If-Match, set etag: true',
    'changes are found by comparing lists; if a property contains the time of the last change, name it in changes.tracks',
  ]
  if (set.creatable)
    notes.push(
      '$metadata declares nothing that prevents duplicate creates: after a lost response a person decides (create)',
    )
  return {
    settings: {
      create: { as: set.creatable ? 'none' : 'unsupported' },
      update: set.updatable ? 'patch' : 'unsupported',
      remove: { delete: set.deletable },
    },
    canCreate: set.creatable,
    canUpdate: set.updatable,
    conditional: false,
    notes,
  }
}
