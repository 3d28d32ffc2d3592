/** Reads the descriptions that the user names, one per system. */
import type { DescribedResource, DescribedSystem, DescriptionSource } from './described-system.ts'
import { fromDatabase } from './from-database.ts'
import { fromGraphql } from './from-graphql.ts'
import { fromMetadata } from './from-metadata.ts'
import { fromOpenApi } from './from-openapi.ts'

/** Kinds of descriptions. */
export const descriptionKinds = {
  openapi: { read: fromOpenApi, name: 'api' },
  metadata: { read: fromMetadata, name: 'odata' },
  database: { read: fromDatabase, name: 'database' },
  graphql: { read: fromGraphql, name: 'graphql' },
} as const satisfies Readonly<
  Record<
    string,
    { readonly read: (source: DescriptionSource) => Promise<DescribedSystem>; readonly name: string }
  >
>

/** One of them. */
export type DescriptionKind = keyof typeof descriptionKinds

/** Reads one description. @throws errors of its reader */
export function describeSystem(kind: DescriptionKind, source: DescriptionSource): Promise<DescribedSystem> {
  return descriptionKinds[kind].read(source)
}

/** An in-memory system, so that the definition of a single described system can be checked and tested. */
export function standInFor({ name, description }: DescribedResource): DescribedSystem {
  const fields = description.fields.map((field) => ({
    ...field,
    creatable: true,
    updatable: true,
    required: false,
    nullable: true,
  }))
  const resource: DescribedResource = {
    name,
    description: { ...description, fields },
    settings: {},
    canCreate: true,
    canUpdate: true,
    conditional: true,
    notes: [],
  }
  return {
    name: 'copy',
    connector: 'memory',
    section: {},
    resourcesIn: 'resources',
    variables: [],
    resources: [resource],
    notes: ['an in-memory placeholder for your second system: replace it'],
  }
}
