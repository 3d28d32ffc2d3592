/**
 * The socket by which `isthmus open` gets a link from a running process. Only the user who runs the process
 * can connect: that is what proves who asks.
 */
import { chmodSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { join } from 'node:path'
import type { LocalLinks } from './local-links.ts'

const prefix = 'open-'
/** The shortest limit of the systems' addresses of sockets. */
const pathBytesMax = 103
const answerMs = 5_000

/** Serves links at `<directory>/open-<port>.sock`; undefined where such a socket is not possible. */
export async function serveLinks(
  links: LocalLinks,
  { directory, url }: { readonly directory: string; readonly url: string },
): Promise<{ close(): Promise<void> } | undefined> {
  const path = join(directory, `${prefix}${new URL(url).port}.sock`)
  if (process.platform === 'win32' || Buffer.byteLength(path) > pathBytesMax) return undefined
  mkdirSync(directory, { recursive: true })
  // A port has one owner, so a socket that is left over belongs to a process that was killed.
  rmSync(path, { force: true })
  const server = createServer((incoming, response) => {
    const person = new URL(incoming.url ?? '/', 'http://socket').searchParams.get('person') ?? 'unknown'
    if (incoming.method !== 'POST') response.writeHead(405).end()
    else response.end(linkTo(url, links.create(person)))
  })
  const mask = process.umask(0o177)
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(path, resolve)
    })
  } finally {
    process.umask(mask)
  }
  chmodSync(path, 0o600)
  return {
    close: async () => {
      await new Promise((resolve) => server.close(resolve))
      rmSync(path, { force: true })
    },
  }
}

/** The address that a browser opens. The secret is in the fragment, which is never sent in a request or a Referer. */
export function linkTo(url: string, secret: string): string {
  return `${url}/sign-in#${secret}`
}

/** Gets a link from the process that serves this port, or from any; undefined when none answers. */
export async function askForLink(
  directory: string,
  { person, port }: { readonly person: string; readonly port?: number },
): Promise<string | undefined> {
  const names = sockets(directory).filter((name) => port === undefined || name === `${prefix}${port}.sock`)
  for (const name of names) {
    const link = await ask(join(directory, name), person)
    if (link !== undefined) return link
  }
  return undefined
}

function sockets(directory: string): readonly string[] {
  try {
    return readdirSync(directory).filter((name) => name.startsWith(prefix) && name.endsWith('.sock'))
  } catch {
    return []
  }
}

function ask(socketPath: string, person: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const path = `/?person=${encodeURIComponent(person)}`
    const asked = request({ socketPath, method: 'POST', path, timeout: answerMs }, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString()
      })
      response.on('end', () => resolve(response.statusCode === 200 ? text : undefined))
    })
    asked.on('timeout', () => asked.destroy())
    asked.on('error', () => resolve(undefined))
    asked.end()
  })
}
