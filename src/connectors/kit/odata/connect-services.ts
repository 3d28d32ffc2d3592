/** Connects the services of a system: entity sets of OData services, V2 and V4, as resources. */
import { HttpStatusError } from '../../../http/errors.ts'
import { connectClient } from '../connection.ts'
import type { ConnectedSystem, Resource } from '../contract.ts'
import type { ConnectorBinding } from '../define-connector.ts'
import type { ResourceDescription } from '../description.ts'
import { knownOrUnknown } from '../known.ts'
import { unknownResource } from '../resource-lookup.ts'
import { Service, type ServiceQuery } from './client.ts'
import type { CsrfMode } from './csrf-session.ts'
import { describeSet } from './describe.ts'
import { expandedParts } from './operations/query.ts'
import { entitySetOf, type ResourceContext } from './operations/resource-context.ts'
import { bindResource } from './resources.ts'
import { type ODataSettings, type ResourceSettings, resourceSchema } from './settings.ts'

/** What a connector decides for the systems that it connects. */
export interface ServicesOptions {
  readonly connector: string
  /** By the name that a definition uses. */
  readonly resources: Readonly<Record<string, ResourceSettings>>
  /** On every request. */
  readonly parameters: ServiceQuery
  readonly csrf: CsrfMode
  /** Codes of error responses for locked records. */
  readonly locks: readonly string[]
  /** Whether the system's address is itself a service, whose entity sets can be read without being named. */
  readonly isService: boolean
}

/** Binds a system whose resources are entity sets of one or more services. */
export function connectServices(
  config: ODataSettings,
  binding: ConnectorBinding,
  options: ServicesOptions,
): ConnectedSystem {
  const { name, timing, dependencies } = binding
  const api = connectClient(config, binding)
  const services = new Map<string, Service>()
  const serviceAt = (path: string): Service => {
    const known = services.get(path)
    if (known !== undefined) return known
    const { parameters, csrf } = options
    const service = new Service({ api, timing, path, parameters, csrf, batchFormat: config.batchFormat })
    services.set(path, service)
    return service
  }
  const locks = new Set(options.locks)
  const contextOf = (resource: string): ResourceContext => {
    const given = Object.hasOwn(options.resources, resource) ? options.resources[resource] : undefined
    if (given === undefined && !options.isService)
      throw unknownResource(name, resource, Object.keys(options.resources))
    // Resources that the definition does not name are read with the safe defaults.
    const settings = given ?? resourceSchema.parse({ create: { as: 'unsupported' }, update: 'unsupported' })
    const service = serviceAt(trimmed(settings.service ?? ''))
    return { name: resource, settings, service, clock: dependencies.clock, locks }
  }
  const bound = new Map<string, Resource>()
  return {
    name,
    connector: options.connector,
    resource: (resource) => {
      const known = bound.get(resource) ?? bindResource(contextOf(resource))
      bound.set(resource, known)
      return known
    },
    fingerprint: () => Promise.resolve({ kind: 'known', value: accountOf(config.url, options.parameters) }),
    describe: (resources) =>
      resources === undefined && Object.keys(options.resources).length > 0
        ? describe(Object.keys(options.resources), contextOf, { mayBeMissing: true })
        : describe(resources ?? [], contextOf, { mayBeMissing: false }),
    close: () => api.close(),
  }
}

function trimmed(path: string): string {
  return path.replace(/\/+$/, '')
}

/**
 * No service of the protocol reports the account: the address identifies it, together with the client in SAP,
 * which is a separate system.
 */
function accountOf(url: string, parameters: ServiceQuery): string {
  const client = parameters['sap-client']
  return client === undefined ? url : `${url} client ${client}`
}

type Described = Awaited<ReturnType<NonNullable<ConnectedSystem['describe']>>>

/**
 * Reads the metadata of each service once, uncached; without names, everything that the system's own address
 * offers.
 *
 * @param mayBeMissing the resources were not requested by name: those whose service is not activated are left
 *   out
 */
async function describe(
  names: readonly string[],
  contextOf: (resource: string) => ResourceContext,
  { mayBeMissing }: { readonly mayBeMissing: boolean },
): Promise<Described> {
  return knownOrUnknown(async () => {
    const contexts = names.map(contextOf)
    const root = contexts.length === 0 ? [contextOf('').service] : []
    const asked = new Set([...contexts.map(({ service }) => service), ...root])
    const receiving = new Set<Service>()
    for (const service of asked) {
      if (await isThere(service, mayBeMissing)) receiving.add(service)
    }
    const there = contexts.filter(({ service }) => receiving.has(service))
    const described = await Promise.all(there.map(describeOne))
    const all = await Promise.all(root.map((service) => describeAll(service)))
    return { resources: [...described, ...all.flat()] }
  })
}

/**
 * A service that is not activated, or not allowed, responds with 403 or 404; other failures are not about its
 * existence.
 */
async function isThere(service: Service, mayBeMissing: boolean): Promise<boolean> {
  try {
    await service.refreshMetadata()
    return true
  } catch (error) {
    const isRefused = error instanceof HttpStatusError && (error.status === 403 || error.status === 404)
    if (mayBeMissing && isRefused) return false
    throw error
  }
}

async function describeOne({ name, settings, service }: ResourceContext): Promise<ResourceDescription> {
  const model = await service.metadata()
  const parts = expandedParts(settings).map((path) => path.split('/', 1)[0] ?? path)
  return describeSet(name, model, entitySetOf(model, settings.entitySet ?? name), [...new Set(parts)])
}

async function describeAll(service: Service): Promise<readonly ResourceDescription[]> {
  const model = await service.metadata()
  return [...model.sets.values()].map((set) => describeSet(set.name, model, set))
}
