/** Reads the schema of a GraphQL API. */
import {
  buildClientSchema,
  buildSchema,
  type GraphQLSchema,
  getIntrospectionQuery,
  type IntrospectionQuery,
  validate,
} from 'graphql'
import { IsthmusError, UsageError } from '../../model/errors.ts'
import type { CallContext } from '../kit/contract.ts'
import { isNativeRecord } from '../kit/native.ts'
import { unusable } from '../kit/unusable.ts'
import type { GraphqlClient } from './client.ts'
import { type GraphqlDocument, readDocument, readFragment } from './documents.ts'
import type { ErrorsManifest } from './manifests/manifest.ts'

/** The standard introspection query, supported by every server that allows introspection. */
const introspection: GraphqlDocument = readDocument({
  place: 'introspection',
  // The query has fragments of its own; they are inlined, since a document here only supports `record`.
  text: '{ __schema { queryType { name } } }',
  operation: 'query',
  fragment: readFragment('Query', '__typename', 'introspection'),
})

/**
 * Returns the schema that the API currently serves.
 *
 * @throws the client's errors · IsthmusError CONNECTOR_RESPONSE_UNUSABLE when the response is not a schema
 */
export async function fetchSchema(
  client: GraphqlClient,
  rules: ErrorsManifest,
  context: CallContext,
): Promise<GraphQLSchema> {
  const { data, problems } = await client.send({
    document: { ...introspection, text: introspectionQuery, root: '__schema' },
    variables: {},
    rules,
    context,
  })
  if (problems.length > 0) throw unusable('the schema came with errors')
  return schemaFrom(data)
}

/** Builds a schema from an introspection response. @throws IsthmusError CONNECTOR_RESPONSE_UNUSABLE */
export function schemaFrom(data: unknown): GraphQLSchema {
  try {
    // The function validates its input, and throws.
    return buildClientSchema(data as IntrospectionQuery)
  } catch (cause) {
    throw new IsthmusError(
      'CONNECTOR_RESPONSE_UNUSABLE',
      'What the API says about its schema is not a schema.',
      {
        cause,
      },
    )
  }
}

/** The query that asks for a schema; see {@link schemaFromText}. */
export const introspectionQuery = getIntrospectionQuery({ descriptions: false })

/**
 * Reads a schema from a text: the response to an introspection query (JSON), or the schema language.
 *
 * @param place origin of the text, for messages
 * @throws UsageError CONNECTOR_DESCRIPTION_UNUSABLE
 */
export function schemaFromText(text: string, place: string): GraphQLSchema {
  try {
    if (!text.trimStart().startsWith('{')) return buildSchema(text)
    const parsed: unknown = JSON.parse(text)
    const data = isNativeRecord(parsed) && isNativeRecord(parsed.data) ? parsed.data : parsed
    return schemaFrom(data)
  } catch (cause) {
    const [why] = cause instanceof Error ? cause.message.split('\n') : []
    throw new UsageError(
      'CONNECTOR_DESCRIPTION_UNUSABLE',
      `${place} can't be used: it is not a GraphQL schema (${why ?? 'unreadable'}).`,
      { cause },
    )
  }
}

/** Returns the errors of documents against the schema of the API: one line each, empty when all are valid. */
export function misfits(schema: GraphQLSchema, documents: readonly GraphqlDocument[]): readonly string[] {
  return documents.flatMap((document) =>
    validate(schema, document.ast, undefined, { maxErrors: 3 }).map(
      ({ message }) => `${document.place}: ${message}`,
    ),
  )
}
