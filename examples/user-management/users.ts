/** A typed client of the User Management API: the complete code that an application needs. */
import { z } from 'zod'
import { ApiClient, HttpStatusError } from '../../src/http.ts'

const User = z.object({
  id: z.number(),
  name: z.string(),
  email: z.email(),
  company: z.object({ name: z.string() }).optional(),
})

export type User = z.infer<typeof User>
export type NewUser = Omit<User, 'id'>

export class Users {
  readonly #api: ApiClient

  constructor(baseUrl: string, options: { readonly totalMs?: number } = {}) {
    this.#api = new ApiClient({
      baseUrl,
      // Only for servers on this machine; any other address has to be https.
      allowHttp: true,
      timeouts: { totalMs: options.totalMs ?? 20_000 },
    })
  }

  /** `GET /users` */
  all(): Promise<User[]> {
    return this.#api.get('/users', { schema: z.array(User) })
  }

  /** `GET /users/{id}`; undefined when there is none. */
  async one(id: number): Promise<User | undefined> {
    try {
      return await this.#api.get('/users/{id}', { path: { id }, schema: User })
    } catch (error) {
      if (error instanceof HttpStatusError && error.status === 404) return undefined
      throw error
    }
  }

  /** `POST /users` */
  add(user: NewUser): Promise<User> {
    return this.#api.post('/users', { json: user, schema: User })
  }

  /** A path that never responds, to demonstrate the timeout. */
  slow(totalMs: number): Promise<unknown> {
    return this.#api.get('/slow', { totalMs })
  }

  close(): Promise<void> {
    return this.#api.close()
  }
}
