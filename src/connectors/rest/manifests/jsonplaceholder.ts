/**
 * JSONPlaceholder, and any other json-server 0.17.
 *
 * It has no versions, preconditions or change times; ids are increasing numbers, so the list can be paged by
 * id. A filter by a property that no record has yet is silently dropped, and everything is returned; range
 * filters are not, so searches use ranges of one value.
 */
import type { ManifestSource } from './manifest.ts'

const names = ['users', 'posts', 'comments', 'albums', 'photos', 'todos']

type Resource = ManifestSource['resources'][string]

function resource(name: string): Resource {
  return {
    path: `/${name}`,
    read: { batch: { parameter: 'id', max: 50 } },
    list: {
      paging: 'keyset',
      after: 'id_gte',
      inclusive: true,
      query: { _sort: 'id', _order: 'asc' },
      size: { parameter: '_limit', value: 200 },
      total: { header: 'x-total-count' },
    },
    search: { query: { _limit: 50 }, filters: ['{path}_gte', '{path}_lte'], maxResults: 50 },
    create: { as: 'marker', field: 'isthmusId' },
    write: { with: 'patch', nested: 'replace', returns: 'body' },
    remove: { delete: true },
    inflight: '5s',
  }
}

/** The six collections of JSONPlaceholder's data. */
export const jsonplaceholder: ManifestSource = {
  resources: Object.fromEntries(names.map((name) => [name, resource(name)])),
}
