/**
 * A process that holds an embedded database: `node embedded-holder.ts DIRECTORY [orphan]`. Prints one JSON line, then waits for its standard input to
 * end and shuts down cleanly. With `orphan` the server survives the death of this process.
 */
import { startEmbeddedPostgres } from '../../src/runtime/embedded-postgres/start-embedded-postgres.ts'

const [dataDir = '', mode] = process.argv.slice(2)
try {
  const server = await startEmbeddedPostgres({ dataDir, stopWithParent: mode !== 'orphan' })
  const { connection, adopted } = server
  process.stdout.write(`${JSON.stringify({ connection, adopted, pid: server.pid() })}\n`)
  process.stdin.resume()
  process.stdin.on('end', () => {
    void server.stop().then(() => process.exit(0))
  })
} catch (problem) {
  const code = problem instanceof Error && 'code' in problem ? problem.code : undefined
  process.stdout.write(`${JSON.stringify({ code, message: String(problem) })}\n`)
}
