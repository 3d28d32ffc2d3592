/** Lookups that the connector `google-maps` answers in rules. */
export const geocodeLookups: readonly string[] = ['geocode']
