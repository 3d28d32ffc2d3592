/** The definition that joins two fake systems: a CRM that patches and sends webhooks, an ERP that replaces and is polled. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FakeResourceOptions } from './fake-system/options.ts'

export const hookSecret = `whsec_${Buffer.from('isthmus-test-secret-0123456789ab').toString('base64')}`

type Json = { readonly [key: string]: unknown }

export interface TwoSystemsOptions {
  readonly crmUrl: string
  readonly erpUrl: string
  readonly crmToken?: string
  readonly erpToken?: string
  /** Completes or changes the manifest of a resource. */
  readonly crmResource?: Json
  readonly erpResource?: Json
  /** Completes or changes the systems' sections. */
  readonly crmSystem?: Json
  readonly erpSystem?: Json
  /** Completes or changes the entity `customer`. */
  readonly customer?: Json
  /** Completes or changes the customer's part in each system. */
  readonly crmPart?: Json
  readonly erpPart?: Json
  readonly entities?: Json
}

/** The fake CRM's resource as the definition below expects it. */
export const contacts: FakeResourceOptions = { name: 'contacts', create: 'upsertKey' }
/** The fake ERP's resource as the definition below expects it. */
export const partners: FakeResourceOptions = {
  name: 'partners',
  write: 'put',
  conditional: 'required',
  create: 'upsertKey',
  truncate: { name: 40 },
  decimals: { limit: 2 },
}

/** How a resource of a fake system is described to the connector `rest`. */
export function fakeResourceManifest(path: string, changes: Json = {}): Json {
  return {
    path: `/${path}`,
    version: { path: 'version', ordered: true, ifMatch: '"{version}"' },
    changedAt: { path: 'updatedAt' },
    list: {
      paging: 'cursor',
      after: 'after',
      next: 'next',
      stable: true,
      items: 'data',
      size: { parameter: 'limit', value: 500 },
      total: { path: 'total' },
    },
    changes: {
      by: 'sequence',
      path: `/${path}/changes`,
      since: 'since',
      next: 'next',
      items: 'changes',
      id: 'id',
      version: 'version',
      deleted: 'deleted',
      more: 'more',
      size: { parameter: 'limit', value: 1000 },
    },
    search: { filters: ['{path}'], items: 'data' },
    create: { as: 'upsertKey', field: 'externalId' },
    write: { with: 'patch', nested: 'merge', returns: 'body+version', omit: ['id', 'version', 'updatedAt'] },
    remove: { delete: true },
    inflight: '500ms',
    errors: {
      gone: {
        statuses: [404],
        code: { path: 'error.code', equals: ['NOT_FOUND', 'MERGED'] },
        mergedInto: 'error.mergedInto',
      },
      code: 'error.code',
    },
    ...changes,
  }
}

const webhooks: Json = {
  scheme: { kind: 'standard' },
  resource: { path: 'type', before: '.' },
  id: 'data.id',
  version: 'data.version',
  deleted: { path: 'type', endsWith: '.deleted' },
}

/** The definition as an object; `isthmus.yaml` may as well be JSON. */
export function twoSystems(options: TwoSystemsOptions): Json {
  const wide = { atLeast: 10_000_000 }
  const map = { code: 'code', name: 'name', email: 'email', phone: 'phone', city: 'city' }
  return {
    integration: 'two-systems',
    systems: {
      crm: {
        ...systemOf(options.crmUrl, options.crmToken),
        webhooks: { secret: `\${env:CRM_HOOK_SECRET}` },
        manifest: {
          fingerprint: { path: '/account', value: 'tenant' },
          resources: { contacts: fakeResourceManifest('contacts', options.crmResource) },
          webhooks,
        },
        ...options.crmSystem,
      },
      erp: {
        ...systemOf(options.erpUrl, options.erpToken),
        manifest: {
          fingerprint: { path: '/account', value: 'tenant' },
          resources: {
            partners: fakeResourceManifest('partners', {
              write: { with: 'put', returns: 'body+version', omit: ['id', 'version', 'updatedAt'] },
              ...options.erpResource,
            }),
          },
        },
        ...options.erpSystem,
      },
    },
    entities: {
      customer: {
        fields: {
          code: { type: 'string', required: true },
          name: 'string',
          email: 'string',
          phone: 'string',
          city: 'string',
        },
        match: [{ exact: ['code'] }],
        conflict: { default: 'prefer crm erp' },
        delete: { from: ['crm', 'erp'], action: 'delete', confirm: '1s', guard: wide },
        guard: { create: wide, update: wide },
        systems: {
          crm: {
            resource: 'contacts',
            key: 'externalId',
            map,
            triggers: [{ webhook: 'changes' }, { poll: '1s' }],
            ...raceWindow(options.crmResource),
            ...options.crmPart,
          },
          erp: {
            resource: 'partners',
            key: 'externalId',
            map: { ...map, name: { path: 'name', maxLength: 40 } },
            triggers: [{ poll: '1s' }],
            ...raceWindow(options.erpResource),
            ...options.erpPart,
          },
        },
        ...options.customer,
      },
      ...options.entities,
    },
  }
}

/** A resource without preconditions runs only where that is accepted. */
function raceWindow(resource: Json = {}): Json {
  const { version } = resource
  const isGuarded = typeof version === 'object' && version !== null && 'ifMatch' in version
  return 'version' in resource && !isGuarded ? { acceptRaceWindow: true } : {}
}

function systemOf(url: string, token: string | undefined): Json {
  return {
    connector: 'rest',
    url,
    allowHttp: true,
    timing: { readTimeout: '3s', writeTimeout: '2s' },
    limits: { concurrency: 64 },
    ...(token !== undefined && { auth: { type: 'bearer', token: `\${env:${token}}` } }),
  }
}

/** Writes the definition where `isthmus` looks for it. */
export function writeDefinition(directory: string, definition: Json): void {
  writeFileSync(join(directory, 'isthmus.yaml'), JSON.stringify(definition, undefined, 2))
}

/** Customer number n, as the CRM spells it. */
export function customerRecord(n: number, more: Json = {}): Json {
  return {
    code: `C${String(n).padStart(6, '0')}`,
    name: `Customer ${n}`,
    email: `customer${n}@example.org`,
    phone: `+49 30 ${100_000 + n}`,
    city: `City ${n % 97}`,
    ...more,
  }
}
