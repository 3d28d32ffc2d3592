/** Starts the demo's CRM in its thread and returns a handle. */
import { createRequire } from 'node:module'
import { Worker } from 'node:worker_threads'
import { IsthmusError } from '../model/errors.ts'
import type { CrmThreadData, CrmThreadMessage, CrmThreadOrder } from './crm-server.ts'

/** A running CRM. */
export interface Crm {
  readonly url: string
  /** Subscribes a URL to webhooks for further changes. */
  subscribe(url: string): void
  /** While enabled, every request is answered with 503. */
  outage(on: boolean): void
  /** POST, PUT, PATCH and DELETE requests processed so far, from all clients. */
  writes(): Promise<number>
  close(): Promise<void>
}

const startWithinMs = 20_000

/**
 * Starts the CRM on the loopback interface.
 *
 * @throws DEMO_PACKAGES when jsonplaceholder is not installed
 */
export async function startCrm(options: {
  readonly webhookSecret: string
  readonly port?: number
}): Promise<Crm> {
  requirePackages()
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  const workerData: CrmThreadData = { webhookSecret: options.webhookSecret, port: options.port ?? 0 }
  const thread = new Worker(new URL(`./crm-server.${extension}`, import.meta.url), { workerData })
  const port = await new Promise<number>((resolve, reject) => {
    const timer = setTimeout(
      () =>
        reject(new IsthmusError('INTERNAL', `the demo's CRM did not start within ${startWithinMs / 1000} s`)),
      startWithinMs,
    )
    thread.once('error', reject)
    thread.once('message', (message: CrmThreadMessage) => {
      clearTimeout(timer)
      if (message.kind === 'listening') resolve(message.port)
    })
  })
  const order = (message: CrmThreadOrder): void => thread.postMessage(message)
  return {
    url: `http://127.0.0.1:${port}`,
    subscribe: (url) => order({ kind: 'subscribe', url }),
    outage: (on) => order({ kind: 'outage', on }),
    writes: () =>
      new Promise((resolve) => {
        const heard = (message: CrmThreadMessage): void => {
          if (message.kind !== 'writes') return
          thread.off('message', heard)
          resolve(message.count)
        }
        thread.on('message', heard)
        order({ kind: 'countWrites' })
      }),
    close: async () => {
      const ended = new Promise<void>((resolve) => thread.once('exit', () => resolve()))
      order({ kind: 'close' })
      await ended
    },
  }
}

/** The data comes from a development dependency, so a production installation does not include it. */
function requirePackages(): void {
  try {
    createRequire(import.meta.url).resolve('jsonplaceholder/data.json')
  } catch (cause) {
    const problem = "the demo's CRM needs the package jsonplaceholder, which is not installed"
    throw new IsthmusError('DEMO_PACKAGES', problem, { cause })
  }
}
