import { expect, test } from 'vitest'
import { run } from './main.ts'

test('the example shows reading, creating, and each kind of failure', async () => {
  const lines: string[] = []
  await run((line) => lines.push(line))
  expect(lines).toEqual([
    'GET /users: 10 users, the first is Leanne Graham',
    'GET /users/{id}: Shanna@melissa.tv',
    'GET /users/{id} of nobody: undefined',
    'POST /users: Ada Lovelace has the id 11',
    'POST /users, not valid: HttpStatusError HTTP_STATUS_FINAL, retry: never, outcome: answered',
    'an API that does not answer in time: HttpError HTTP_TIMEOUT, retry: backoff, outcome: unknown',
    'an API that is not there: NetworkError HTTP_NETWORK, retry: backoff, outcome: not-sent',
  ])
})
