/** What every operation on one resource needs. */
import type { GraphqlClient } from '../client.ts'
import type { GraphqlDocument } from '../documents.ts'
import type { ResourceManifest } from '../manifests/manifest.ts'

/** The documents of one resource; what the manifest does not name is not there. */
export interface ResourceDocuments {
  readonly read: GraphqlDocument
  /** Several by $ids; undefined = the read document under aliases. */
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
