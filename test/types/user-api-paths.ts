/** A User Management API in the shape that openapi-typescript writes. */
interface User {
  id: number
  name: string
  email?: string
}

export interface paths {
  '/users': {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get: {
      parameters: {
        query?: { page?: number; role?: 'admin' | 'guest' }
        header?: never
        path?: never
        cookie?: never
      }
      requestBody?: never
      responses: {
        200: { headers: { [name: string]: unknown }; content: { 'application/json': User[] } }
        default: {
          headers: { [name: string]: unknown }
          content: { 'application/problem+json': { title: string } }
        }
      }
    }
    put?: never
    post: {
      parameters: { query?: never; header?: never; path?: never; cookie?: never }
      requestBody: { content: { 'application/json': Omit<User, 'id'> } }
      responses: { 201: { headers: { [name: string]: unknown }; content: { 'application/json': User } } }
    }
    delete?: never
    patch?: never
  }
  '/users/{id}': {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get: {
      parameters: { query?: never; header?: never; path: { id: number }; cookie?: never }
      requestBody?: never
      responses: { 200: { headers: { [name: string]: unknown }; content: { 'application/json': User } } }
    }
    put?: never
    post?: never
    delete: {
      parameters: {
        query: { reason: string }
        header: { 'if-match': string }
        path: { id: number }
        cookie?: never
      }
      requestBody?: never
      responses: { 204: { headers: { [name: string]: unknown }; content?: never } }
    }
    patch: {
      parameters: { query?: never; header?: never; path: { id: number }; cookie?: never }
      requestBody?: { content: { 'application/merge-patch+json': Partial<User> } }
      responses: { 200: { headers: { [name: string]: unknown }; content: { 'application/json': User } } }
    }
  }
}
