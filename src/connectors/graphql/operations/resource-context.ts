/** What every operation on one resource needs. */
import type { GraphqlClient } from '../client.ts'
import type { GraphqlDocument } from '../documents.ts'
import type { ResourceManifest } from '../manifests/manifest.ts'

/** The documents of one resource; those that the manifest does not name are absent. */
export interface ResourceDocuments {
  readonly read: GraphqlDocument
  /** Reads several by $ids; undefined = the read document under aliases. */
  readonly readMany?: GraphqlDocument
  readonly search?: GraphqlDocument
  readonly list?: GraphqlDocument
  readonly changes?: GraphqlDocument
  readonly create?: GraphqlDocument
  readonly update?: GraphqlDocument
  readonly delete?: GraphqlDocument
  readonly archive?: GraphqlDocument
}

/** One resource with its client and documents. */
export interface ResourceContext {
  readonly name: string
  readonly resource: ResourceManifest
  readonly documents: ResourceDocuments
  readonly client: GraphqlClient
}
