/** The definition used to create the fixture of the upgrade test, without the addresses of its systems. */
import type { TwoSystemsOptions } from '../support/two-systems.ts'

const wide = { atLeast: 10_000_000 }

export const fixtureDefinition: Omit<TwoSystemsOptions, 'crmUrl' | 'erpUrl'> = {
  customer: {
    match: [{ exact: ['code'] }],
    conflict: { default: 'prefer crm erp', fields: { phone: 'manual' } },
    // Two updates a day: the third is held.
    guard: { create: wide, update: { max: '0 %', atLeast: 2 } },
  },
  // A write in doubt stays in doubt for as long as creating the fixture takes.
  crmResource: { inflight: '30s' },
}

/** The contents of a fixture, beside the rows of its database. */
export interface FixtureSystems {
  readonly crm: readonly FixtureChange[]
  readonly erp: readonly FixtureChange[]
}

/** One change of one record, in the order in which they were made. */
export interface FixtureChange {
  readonly nativeId: string
  readonly by: 'user' | 'engine'
  /** Omitted: the record was removed. */
  readonly body?: Readonly<Record<string, unknown>>
}
