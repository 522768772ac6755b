/** The query for lists that are shown whole, where more than a hundred are not expected. */
export const WHOLE_LIST = { per_page: 100 } as never
