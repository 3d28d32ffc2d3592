/** Starts listening, with an error message for the most common reason of a failure. */
import { IsthmusError } from '../model/errors.ts'
import { buildServer, type RunningServer, type ServerOptions } from './create-server.ts'
import type { ServerDependencies } from './dependencies.ts'
import { requireSafe } from './require-safe.ts'

/**
 * Builds the server and listens.
 *
 * @throws SERVER_UNSAFE beyond loopback without TLS · SERVER_LISTEN when the address is not available (in use, not an address of this machine, not
 *   permitted)
 */
export async function listen(
  dependencies: ServerDependencies,
  options: ServerOptions = {},
): Promise<RunningServer> {
  requireSafe(options)
  const server = buildServer(dependencies, options)
  const host = options.host ?? '127.0.0.1'
  const port = options.port ?? 4780
  try {
    const url = await server.listen({ host, port })
    return { url, close: () => server.close() }
  } catch (error) {
    await server.close()
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    const hint = code === 'EADDRINUSE' ? 'another process listens there; choose a port with --port' : code
    throw new IsthmusError('SERVER_LISTEN', `listening on ${host}:${port} failed: ${hint}`, { cause: error })
  }
}
