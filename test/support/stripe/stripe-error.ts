/** Refusals in Stripe's format. */

/** Ends a request with an error object. */
export class StripeRefusal extends Error {
  readonly status: number
  readonly body: { readonly error: Readonly<Record<string, unknown>> }

  constructor(status: number, error: Readonly<Record<string, unknown>>) {
    super(String(error.message))
    this.status = status
    this.body = { error }
  }
}

export function invalidRequest(
  status: number,
  message: string,
  more: Readonly<Record<string, unknown>> = {},
): StripeRefusal {
  return new StripeRefusal(status, { type: 'invalid_request_error', message, ...more })
}

export function missing(object: string, id: string, param: string): StripeRefusal {
  const noun = object.replaceAll('_', ' ')
  // An unknown object in the path is a 404; an unknown object in a parameter is a 400.
  const status = param === 'id' || param === object || param === 'intent' ? 404 : 400
  return invalidRequest(status, `No such ${noun}: '${id}'`, { code: 'resource_missing', param })
}
