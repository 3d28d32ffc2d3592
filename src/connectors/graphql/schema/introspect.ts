/** Asks a GraphQL API for its schema. */
import {
  buildClientSchema,
  type GraphQLSchema,
  getIntrospectionQuery,
  type IntrospectionQuery,
  validate,
} from 'graphql'
import { IsthmusError } from '../../../model/errors.ts'
import type { CallContext } from '../../kit/contract.ts'
import type { GraphqlClient } from '../client.ts'
import { type GraphqlDocument, readDocument, readFragment } from '../documents.ts'
import type { ErrorsManifest } from '../manifests/manifest.ts'
import { unusable } from '../operations/record.ts'

/** The standard introspection query, which every server that allows introspection answers. */
const introspection: GraphqlDocument = readDocument({
  place: 'introspection',
  // The query brings fragments of its own; they are put in place, since a document here has none but `record`.
  text: '{ __schema { queryType { name } } }',
  operation: 'query',
  fragment: readFragment('Query', '__typename', 'introspection'),
})

/**
 * The schema that the API serves now.
 *
 * @throws the client's errors · IsthmusError CONNECTOR_ANSWER_UNUSABLE when the answer is no schema
 */
export async function fetchSchema(
  client: GraphqlClient,
  rules: ErrorsManifest,
  context: CallContext,
): Promise<GraphQLSchema> {
  const text = getIntrospectionQuery({ descriptions: false })
  const { data, problems } = await client.send({
    document: { ...introspection, text, root: '__schema' },
    variables: {},
    rules,
    context,
  })
  if (problems.length > 0) throw unusable('the schema came with errors')
  return schemaFrom(data)
}

/** Makes a schema of an introspection answer. @throws IsthmusError CONNECTOR_ANSWER_UNUSABLE */
export function schemaFrom(data: unknown): GraphQLSchema {
  try {
    // The function checks what it is given, and throws.
    return buildClientSchema(data as IntrospectionQuery)
  } catch (cause) {
    throw new IsthmusError(
      'CONNECTOR_ANSWER_UNUSABLE',
      'What the API says about its schema is not a schema.',
      {
        cause,
      },
    )
  }
}

/** What is wrong with documents by the schema of the API: one line each, empty when all fit. */
export function misfits(schema: GraphQLSchema, documents: readonly GraphqlDocument[]): readonly string[] {
  return documents.flatMap((document) =>
    validate(schema, document.ast, undefined, { maxErrors: 3 }).map(
      ({ message }) => `${document.place}: ${message}`,
    ),
  )
}
