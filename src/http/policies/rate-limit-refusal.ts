/**
 * Which refusals mean "too many requests".
 *
 * 429 always does. Others say the same by another status: GitHub, Salesforce and Google by 403, AWS by 400 and 503, Shopify by 430. A 403 is
 * mostly about rights, so it counts only with a time to come back, with a limit whose headers say that it is used up, or with words of
 * the API that leave no doubt.
 */

/** What is known of a refusal. */
export interface RefusalFacts {
  readonly status: number
  /** Decoded. */
  readonly body: unknown
  /** Milliseconds that the response asks to wait. */
  readonly asked: number | undefined
  /** The headers name a limit of which nothing is left. */
  readonly isUsedUp: boolean
}

const always: ReadonlySet<number> = new Set([420, 429, 430])
/** Words and codes of APIs; those of quotas of other things than requests (storage, licences) are not among them. */
const words =
  /rate.?limit|too.?many.?(?:requests|calls)|(?:request|call|api|daily|user.?rate).?limit.?(?:is.?|has.?been.?)?exceeded|exceeded.{0,40}(?:rate|request|call|api.?usage).{0,12}limit|\bthrottl|slow.?down\b|^RESOURCE_EXHAUSTED$|^(?:quota|dailyLimit|userRateLimit)Exceeded$/i

/** Where APIs put a code or a reason for machines, and the sentence for people. */
const places: readonly (readonly (string | number)[])[] = [
  ['code'],
  ['error'],
  ['errorCode'],
  ['error_code'],
  ['message'],
  ['Message'],
  ['__type'],
  ['type'],
  ['title'],
  ['detail'],
  ['error_description'],
  ['error', 'code'],
  ['error', 'type'],
  ['error', 'status'],
  ['error', 'message'],
  ['error', 'errors', 0, 'reason'],
  ['errors', 0, 'code'],
  ['errors', 0, 'message'],
  ['errors', 0, 'reason'],
  [0, 'errorCode'],
  [0, 'code'],
  [0, 'message'],
]

/** True for statuses that never mean anything else. */
export function meansTooMany(status: number): boolean {
  return always.has(status)
}

/** True when waiting is what helps, and nothing was done. */
export function isRateLimitRefusal({ status, body, asked, isUsedUp }: RefusalFacts): boolean {
  if (meansTooMany(status)) return true
  if (status === 403) return asked !== undefined || isUsedUp || saysRateLimit(body)
  if (status === 400 || status === 503) return saysThrottled(body)
  return false
}

function saysRateLimit(body: unknown): boolean {
  return textsOf(body).some((text) => words.test(text))
}

/** Codes alone: the words of a 400 may be about anything, a field named `rate_limit` for one. */
function saysThrottled(body: unknown): boolean {
  return textsOf(body).some((text) =>
    /^(?:[\w.]+#)?(?:Throttling(?:Exception)?|ThrottledException|RequestThrottled(?:Exception)?|TooManyRequestsException|RequestLimitExceeded|REQUEST_LIMIT_EXCEEDED|SlowDown)$/.test(
      text,
    ),
  )
}

function textsOf(body: unknown): readonly string[] {
  if (typeof body === 'string') return [body.slice(0, 500)]
  return places.flatMap((place) => {
    const found = place.reduce<unknown>(
      (value, step) =>
        typeof value === 'object' && value !== null && Object.hasOwn(value, step)
          ? Reflect.get(value, step)
          : undefined,
      body,
    )
    return typeof found === 'string' ? [found.slice(0, 500)] : []
  })
}
