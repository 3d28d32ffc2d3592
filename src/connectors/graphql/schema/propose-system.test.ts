/** Proposals from GraphQL schemas of different servers: their lists, nested inputs and payloads. */
import { buildSchema, parse, validate } from 'graphql'
import { expect, test } from 'vitest'
import { proposeResources } from './propose-system.ts'

function proposed(text: string) {
  const schema = buildSchema(text)
  const [resource] = proposeResources(schema)
  if (resource === undefined) return expect.fail('nothing was proposed')
  const { manifest } = resource
  const record = `fragment record on ${manifest.type} { ${manifest.fields} }`
  const documents = [manifest.list?.query, manifest.update?.query, manifest.remove?.delete]
  if (manifest.create !== undefined && 'query' in manifest.create) documents.push(manifest.create.query)
  for (const text of documents.filter((one) => one !== undefined)) {
    const whole = text.includes('...record') ? `${text} ${record}` : text
    expect(validate(schema, parse(whole)), whole).toEqual([])
  }
  return resource
}

test('a list with a total, paged by an input of its own: { items, totalItems } by take and skip', () => {
  const { manifest, description } = proposed(`
    type Query { customers(options: CustomerListOptions): CustomerList! customer(id: ID!): Customer }
    input CustomerListOptions { skip: Int take: Int sort: String }
    type CustomerList { items: [Customer!]! totalItems: Int! }
    type Customer { id: ID! emailAddress: String! firstName: String }
    input CreateCustomerInput { emailAddress: String! firstName: String }
    input UpdateCustomerInput { id: ID! emailAddress: String firstName: String }
    type EmailConflict { errorCode: String! message: String! }
    union CreateCustomerResult = Customer | EmailConflict
    type Mutation {
      createCustomer(input: CreateCustomerInput!): CreateCustomerResult!
      updateCustomer(input: UpdateCustomerInput!): CreateCustomerResult!
      deleteCustomer(id: ID!): Deletion!
    }
    type Deletion { message: String }`)
  expect(manifest.list).toEqual({
    paging: 'offset',
    query:
      'query ($first: Int, $offset: Int) { customers(options: { take: $first, skip: $offset }) { items { ...record } totalItems } }',
    total: 'customers.totalItems',
  })
  expect(manifest.create).toMatchObject({
    as: 'none',
    query: expect.stringContaining('...record ... on EmailConflict { errorCode message }') as string,
  })
  expect(manifest.update).toMatchObject({ idField: 'id' })
  const email = description.fields.find(({ path }) => path[0] === 'emailAddress')
  expect(email).toMatchObject({ creatable: true, required: true, updatable: true })
})

test('inputs that nest the record: by key beside it, and the way by a global id is passed over', () => {
  const { manifest, description } = proposed(`
    type Query { allUsers(first: Int, after: String): UsersConnection userById(id: Int!): User }
    type UsersConnection { nodes: [User]! pageInfo: PageInfo! totalCount: Int! }
    type PageInfo { hasNextPage: Boolean! endCursor: String }
    type User { nodeId: ID! id: Int! name: String! email: String }
    input UserInput { name: String! email: String }
    input UserPatch { id: Int name: String email: String }
    input CreateUserInput { clientMutationId: String user: UserInput! }
    input UpdateUserInput { clientMutationId: String nodeId: ID! userPatch: UserPatch! }
    input UpdateUserByIdInput { clientMutationId: String userPatch: UserPatch! id: Int! }
    input DeleteUserByIdInput { clientMutationId: String id: Int! }
    type UserPayload { clientMutationId: String user: User }
    type Mutation {
      createUser(input: CreateUserInput!): UserPayload
      updateUser(input: UpdateUserInput!): UserPayload
      updateUserById(input: UpdateUserByIdInput!): UserPayload
      deleteUserById(input: DeleteUserByIdInput!): UserPayload
    }`)
  expect(manifest.list?.paging).toBe('connection')
  expect(manifest.create).toMatchObject({
    query: 'mutation ($input: UserInput!) { createUser(input: { user: $input }) { user { ...record } } }',
  })
  expect(manifest.update).toEqual({
    query:
      'mutation ($id: Int!, $input: UserPatch!) { updateUserById(input: { id: $id, userPatch: $input }) { user { ...record } } }',
  })
  expect(manifest.remove?.delete).toContain('deleteUserById(input: { id: $id })')
  const name = description.fields.find(({ path }) => path[0] === 'name')
  expect(name).toMatchObject({ creatable: true, required: true, updatable: true })
})

test('a bare array, with page size and offset as arguments', () => {
  const { manifest } = proposed(`
    type Query { products(limit: Int, offset: Int): [Product!]! product(id: ID!): Product }
    type Product { id: ID! sku: String }`)
  expect(manifest.list).toEqual({
    paging: 'offset',
    query: 'query ($first: Int, $offset: Int) { products(limit: $first, offset: $offset) { ...record } }',
  })
})

test('pages whose successor nobody knows are named, not passed off as the whole list', () => {
  const { manifest, notes } = proposed(`
    type Query { products(page: Int): Page! product(id: ID!): Product }
    type Page { results: [Product!]! count: Int! }
    type Product { id: ID! sku: String }`)
  expect(manifest.list).toMatchObject({ paging: 'single', total: 'products.count' })
  expect(notes).toContainEqual(expect.stringContaining('it reads one page'))
})
