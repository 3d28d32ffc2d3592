/** Errors in the format of the REST API: a list of `{ errorCode, message, fields? }` with a status. */

/** One entry of an error response. */
export interface ApiFault {
  readonly errorCode: string
  readonly message: string
  readonly fields?: readonly string[]
}

/** Thrown anywhere in the fake; converted to a response, or in collections to one record's result. */
export class SalesforceError extends Error {
  readonly status: number
  readonly faults: readonly ApiFault[]

  constructor(status: number, errorCode: string, message: string, fields?: readonly string[]) {
    super(`${errorCode}: ${message}`)
    this.status = status
    this.faults = [{ errorCode, message, ...(fields === undefined ? {} : { fields }) }]
  }
}

/** The entry in a collection's result has `statusCode` where the REST error has `errorCode`. */
export function saveErrors(error: SalesforceError): readonly object[] {
  return error.faults.map(({ errorCode, message, fields }) => ({
    statusCode: errorCode,
    message,
    fields: fields ?? [],
  }))
}

export const notFound = (): SalesforceError =>
  new SalesforceError(404, 'NOT_FOUND', 'The requested resource does not exist')
export const isDeleted = (): SalesforceError =>
  new SalesforceError(404, 'ENTITY_IS_DELETED', 'entity is deleted')
