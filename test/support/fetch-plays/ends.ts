/** Calls that end early, by their caller or by the network. */
import { begins, breaksOff, duplex, echo, type FetchPlay, never, outcomeOf, read, text } from './play.ts'

const aborted = (reason?: unknown): AbortSignal => {
  const controller = new AbortController()
  controller.abort(reason)
  return controller.signal
}
const later = (reason?: unknown, ms = 50): AbortSignal => {
  const controller = new AbortController()
  setTimeout(() => controller.abort(reason), ms)
  return controller.signal
}

export const ends: readonly FetchPlay[] = [
  { name: 'ends before it begins', respond: echo, play: (fetch, url) => fetch(url, { signal: aborted() }) },
  {
    name: 'ends with the caller’s reason',
    respond: echo,
    play: async (fetch, url) =>
      await fetch(url, { signal: aborted('because') }).catch((error: unknown) => [error]),
  },
  {
    name: 'ends with the reason null',
    respond: echo,
    play: async (fetch, url) =>
      await fetch(url, { signal: aborted(null) }).catch((error: unknown) => [error]),
  },
  { name: 'ends while it waits', respond: never, play: (fetch, url) => fetch(url, { signal: later() }) },
  {
    name: 'ends by a timeout signal',
    respond: never,
    play: (fetch, url) => fetch(url, { signal: AbortSignal.timeout(50) }),
  },
  {
    name: 'ends by the signal of a Request',
    respond: never,
    play: (fetch, url) => fetch(new Request(url, { signal: later() })),
  },
  {
    name: 'ends while the body comes in',
    respond: begins,
    play: async (fetch, url) => (await fetch(url, { signal: later() })).text(),
  },
  {
    name: 'ends the body with the caller’s reason',
    respond: begins,
    play: async (fetch, url) =>
      await (await fetch(url, { signal: later('because') })).text().catch((error: unknown) => [error]),
  },
  {
    name: 'ends a stream that is read by its reader',
    respond: begins,
    play: async (fetch, url) => {
      const reader = (await fetch(url, { signal: later() })).body?.getReader()
      return [
        Buffer.from((await reader?.read())?.value ?? []).toString(),
        await outcomeOf(() => reader?.read()),
      ]
    },
  },
  {
    name: 'ends a clone as well',
    respond: begins,
    play: async (fetch, url) => {
      const one = await fetch(url, { signal: later() })
      const two = one.clone()
      return Promise.all([outcomeOf(() => one.text()), outcomeOf(() => two.text())])
    },
  },
  {
    name: 'cancels the body of a request that was aborted before',
    respond: echo,
    play: async (fetch, url) => {
      let cancelled = ''
      const body = new ReadableStream({
        cancel(reason) {
          cancelled = String(Object(reason).name)
        },
      })
      return [
        await outcomeOf(() => fetch(url, duplex({ method: 'POST', body, signal: aborted() }))),
        cancelled,
      ]
    },
  },
  {
    name: 'an abort after the end does nothing',
    respond: text('a'),
    play: async (fetch, url) => {
      const controller = new AbortController()
      const response = await fetch(url, { signal: controller.signal })
      const body = await response.text()
      controller.abort()
      return body
    },
  },
  { name: 'rejects a body that breaks off', respond: breaksOff, play: read },
  {
    name: 'rejects a connection that breaks off',
    respond: (_request, response) => void response.destroy(),
    play: async (fetch, url) => (await fetch(url, { method: 'POST', body: 'a' })).text(),
  },
  {
    name: 'rejects where nobody listens',
    respond: echo,
    play: (fetch, url) => fetch(url.replace(/:\d+/, ':1')),
  },
  {
    name: 'rejects with the error of a body that fails',
    respond: echo,
    play: (fetch, url) =>
      fetch(
        url,
        duplex({
          method: 'POST',
          body: new ReadableStream({ pull: (controller) => controller.error(new RangeError('mine')) }),
        }),
      ),
  },
  {
    name: 'lets a caller leave in the middle',
    respond: begins,
    play: async (fetch, url) => {
      const response = await fetch(url)
      await response.body?.cancel()
      return [response.bodyUsed, await outcomeOf(() => response.text())]
    },
  },
]
