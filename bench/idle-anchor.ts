/**
 * A bare Node process that makes the requests of the idle benchmark and nothing else: no database, no state, no status, no other schedule. What Isthmus costs
 * is compared with it, since the cost of a wake-up depends on the machine and on what else runs on it. Arguments: address, seconds between two polls.
 */
import { Agent, request } from 'undici'

const [, , url = '', pollSeconds = '5'] = process.argv
const dispatcher = new Agent()

function pollForever(path: string): void {
  const everyMs = Number(pollSeconds) * 1_000 * (0.75 + Math.random() / 2)
  setTimeout(() => {
    request(`${url}/${path}?since=0`, { dispatcher })
      .then(({ body }) => body.json())
      .then(
        () => pollForever(path),
        () => process.exit(1),
      )
  }, everyMs)
}

pollForever('contacts')
pollForever('partners')
