/**
 * Live status through server-sent events. One timer serves all viewers: it queries the database once a second
 * while there are viewers, and not at all otherwise. So pages show the work of all processes, not only of
 * this one.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { toDecisionResource } from '../api/decisions.ts'
import type { ServerDependencies } from './dependencies.ts'
import { problemOf } from './problem.ts'

const refreshMs = 1000
const viewersMax = 100
/** A viewer that does not read is disconnected before its backlog exceeds this. */
const backlogBytesMax = 1024 * 1024

export interface LiveStatus {
  add(request: IncomingMessage, response: ServerResponse): void
  close(): void
}

export function createLiveStatus(dependencies: ServerDependencies): LiveStatus {
  const viewers = new Set<ServerResponse>()
  const send = (event: string, data: unknown): void => broadcast(viewers, event, data)
  let lastSeq: number | undefined
  let timer: NodeJS.Timeout | undefined
  let asking = false

  const refresh = async (): Promise<void> => {
    if (asking || viewers.size === 0) return
    asking = true
    try {
      send('status', await dependencies.status.read())
      const query = lastSeq === undefined ? { limit: 50 } : { afterSeq: lastSeq, limit: 50 }
      const rows = await dependencies.admin.journal(query)
      const newest = rows.at(-1)
      if (newest !== undefined) {
        lastSeq = newest.seq
        send('decisions', rows.map(toDecisionResource))
      }
    } catch (error) {
      // The page shows that the status is unknown; an error for a viewer must not end the process.
      send('trouble', problemOf(error))
    } finally {
      asking = false
    }
  }

  const remove = (viewer: ServerResponse): void => {
    viewers.delete(viewer)
    if (viewers.size > 0) return
    clearInterval(timer)
    timer = undefined
    lastSeq = undefined
  }

  return {
    add(request, response) {
      if (viewers.size >= viewersMax) {
        response.writeHead(503, { 'retry-after': '10' }).end()
        return
      }
      beginStream(response)
      viewers.add(response)
      request.on('close', () => remove(response))
      // A new viewer also needs the latest lines, so the next response starts over for all viewers; pages
      // discard known lines by their sequence number.
      lastSeq = undefined
      timer ??= setInterval(() => void refresh(), refreshMs)
      void refresh()
    },
    close() {
      clearInterval(timer)
      for (const viewer of viewers) viewer.end()
      viewers.clear()
    },
  }
}

function beginStream(response: ServerResponse): void {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    // nginx would otherwise collect events until its buffer is full.
    'x-accel-buffering': 'no',
  })
  response.write('retry: 2000\n\n')
}

function broadcast(viewers: ReadonlySet<ServerResponse>, event: string, data: unknown): void {
  const frame = `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
  for (const viewer of viewers) {
    if (viewer.writableLength > backlogBytesMax) viewer.destroy()
    else viewer.write(frame)
  }
}
