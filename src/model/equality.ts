/** Which values searches and normalisers treat as equal. */
/** The equality of a search, from the narrowest to the widest. */
export const searchEqualities = ['exact', 'ignoringCase', 'ignoringCaseAndSpace'] as const
/** One of {@link searchEqualities}. */
export type SearchEquality = (typeof searchEqualities)[number]

/** The equality of a field's normalisers; `wider` than any search declares. */
export type ValueEquality = SearchEquality | 'wider'
