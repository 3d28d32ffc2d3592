/** The server on a simulated world, for tests that inject requests. */
import type { FastifyInstance } from 'fastify'
import type { AdminDependencies } from '../../../src/server/admin/dependencies.ts'
import { buildServer, type ServerOptions } from '../../../src/server/create-server.ts'
import type { World } from '../engine-fixture.ts'

export function serverOf(
  world: World,
  more: Partial<AdminDependencies> = {},
  options: ServerOptions = {},
): FastifyInstance {
  const { store, integration } = world
  return buildServer(
    {
      status: { read: () => Promise.reject(new RangeError('not asked here')) },
      admin: store.admin,
      receive: async () => ({ kind: 'unknown' }),
      checkReady: async () => undefined,
      now: () => world.scheduler.now,
      api: {
        admin: store.admin,
        integration,
        refresh: async (recordId) => {
          await store.markRecords([{ recordId, systems: [] }])
        },
        wake: () => world.engine.wake(),
        now: () => world.scheduler.now,
        ...more,
      },
    },
    options,
  )
}
