/**
 * A proxy with a fixed address in front of a system, which simulates restarts of the system: during one, there are no responses, and all existing
 * connections are closed.
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Front {
  /** `http://127.0.0.1:port`, or another scheme. */
  readonly port: number
  /** The system is away for so long, then back at the same address. */
  restart(awayMs: number): Promise<void>
  /** The system is away for as long as something takes. */
  away(meanwhile: () => Promise<void>): Promise<void>
  close(): Promise<void>
}

/** Passes bytes on to a port of this machine, in both directions. */
export async function openFront(target: { readonly port: number }): Promise<Front> {
  const sockets = new Set<Socket>()
  const server = createServer((incoming) => {
    const onward = connect(target.port, '127.0.0.1')
    for (const socket of [incoming, onward]) {
      sockets.add(socket)
      socket.on('error', () => socket.destroy())
      socket.on('close', () => {
        sockets.delete(socket)
        incoming.destroy()
        onward.destroy()
      })
    }
    incoming.pipe(onward).pipe(incoming)
  })
  const listen = async (port: number): Promise<void> => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  }
  const hangUp = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    for (const socket of sockets) socket.destroy()
    await closed
  }
  await listen(0)
  const { port } = server.address() as AddressInfo
  const away: Front['away'] = async (meanwhile) => {
    await hangUp()
    try {
      await meanwhile()
    } finally {
      await listen(port)
    }
  }
  return { port, away, restart: (awayMs) => away(() => sleep(awayMs)), close: hangUp }
}

/** A front of an HTTP server, and its address. */
export async function httpFront(url: string): Promise<Front & { readonly url: string }> {
  const front = await openFront({ port: Number(new URL(url).port) })
  return { ...front, url: `http://127.0.0.1:${front.port}` }
}
