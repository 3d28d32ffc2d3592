/**
 * Which refusals mean "too many requests".
 *
 * 429 always does. Some APIs use another status: GitHub, Salesforce and Google 403, AWS 400 and 503, Shopify
 * 430. A 403 is mostly about permissions, so it counts only with a time to retry, with an exhausted limit in
 * its headers, or with an unambiguous message of the API.
 */

/** Facts about a refusal. */
export interface RefusalFacts {
  readonly status: number
  /** Decoded. */
  readonly body: unknown
  /** Milliseconds that the response asks the client to wait. */
  readonly asked: number | undefined
  /** The headers report an exhausted limit. */
  readonly isUsedUp: boolean
}

const always: ReadonlySet<number> = new Set([420, 429, 430])
/** Messages and codes of APIs; quotas of anything but requests (storage, licences) are not among them. */
const words =
  /rate.?limit|too.?many.?(?:requests|calls)|(?:request|call|api|daily|user.?rate).?limit.?(?:is.?|has.?been.?)?exceeded|exceeded.{0,40}(?:rate|request|call|api.?usage).{0,12}limit|\bthrottl|slow.?down\b|^RESOURCE_EXHAUSTED$|^(?:quota|dailyLimit|userRateLimit)Exceeded$/i

/** Where APIs put a machine-readable code or reason, and the message. */
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

/** True for statuses that never have another meaning. */
export function meansTooMany(status: number): boolean {
  return always.has(status)
}

/** True when waiting helps, and the request had no effect. */
export function isRateLimitRefusal({ status, body, asked, isUsedUp }: RefusalFacts): boolean {
  if (meansTooMany(status)) return true
  if (status === 403) return asked !== undefined || isUsedUp || saysRateLimit(body)
  if (status === 400 || status === 503) return saysThrottled(body)
  return false
}

function saysRateLimit(body: unknown): boolean {
  return textsOf(body).some((text) => words.test(text))
}

/** Codes only: the message of a 400 may be about anything, such as a field named `rate_limit`. */
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
