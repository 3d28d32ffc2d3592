import type { TypedClient } from '../../src/http.ts'
import type { paths } from './fixtures/user-api.ts'

/** Never called: each line must be a compiler error, otherwise `npm run types` fails. */
export function mistakes(users: TypedClient<paths>): void {
  // @ts-expect-error there is no such path
  users.get('/user')
  // @ts-expect-error the path has no such operation
  users.put('/users')
  // @ts-expect-error the path's value is missing
  users.get('/users/{id}')
  // @ts-expect-error the path's value has another type
  users.get('/users/{id}', { path: { id: 'one' } })
  // @ts-expect-error there is no such role
  users.get('/users', { query: { role: 'owner' } })
  // @ts-expect-error there is no such parameter
  users.get('/users', { query: { size: 1 } })
  // @ts-expect-error a body is needed
  users.post('/users')
  // @ts-expect-error the name is missing
  users.post('/users', { json: { email: 'a@example.org' } })
  // @ts-expect-error this operation takes no body
  users.get('/users', { json: {} })
  // @ts-expect-error the reason is missing
  users.delete('/users/{id}', { path: { id: 1 }, headers: { 'if-match': '*' } })
  // @ts-expect-error the header is missing
  users.delete('/users/{id}', { path: { id: 1 }, query: { reason: 'x' } })
}
