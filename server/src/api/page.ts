import { FairwayError } from '@fairway/contract/errors'
import { z } from 'zod'

/** The part of a list that was asked for. A query takes `limit + 1` rows from `offset`; see `pageOf`. */
export type Page = { limit: number; offset: number }

export type Pagination = { hasNextPage: boolean; cursor?: string; count: number }

/** What a paginated handler answers: the data, and where the next part begins. */
export class Paged<T> {
  readonly data: T
  readonly pagination: Pagination

  constructor(data: T, pagination: Pagination) {
    this.data = data
    this.pagination = pagination
  }
}

export const pageQuery = z.object({
  per_page: z.coerce.number().int().min(1).max(100).default(50).describe('How many to answer'),
  page: z.coerce.number().int().min(1).default(1).describe('Counted from 1; `cursor` wins over it'),
  cursor: z.string().max(100).optional().describe('`pagination.cursor` of the answer before'),
})

/** Reads `per_page`, `page` and `cursor`. */
export function readPage(query: z.output<typeof pageQuery>): Page {
  const limit = query.per_page
  if (query.cursor === undefined || query.cursor === '') return { limit, offset: (query.page - 1) * limit }
  const offset = Buffer.from(query.cursor, 'base64url').toString('utf8')
  if (/^\d{1,12}$/.test(offset)) return { limit, offset: Number(offset) }
  throw new FairwayError('invalid_request', 'cursor: must be the cursor of an earlier answer.', {
    problems: [{ field: 'cursor', rule: 'must be the cursor of an earlier answer' }],
  })
}

/** Makes an answer of rows that were fetched with one row too many. */
export function pageOf<Row, T>(rows: readonly Row[], page: Page, view: (rows: Row[]) => T): Paged<T> {
  const shown = rows.slice(0, page.limit)
  const hasNextPage = rows.length > page.limit
  const cursor = Buffer.from(String(page.offset + page.limit)).toString('base64url')
  return new Paged(view(shown), { hasNextPage, ...(hasNextPage && { cursor }), count: shown.length })
}

/** The same for a short list that is fully at hand. */
export const pageOfAll = <Row, T>(rows: readonly Row[], page: Page, view: (rows: Row[]) => T): Paged<T> =>
  pageOf(rows.slice(page.offset, page.offset + page.limit + 1), page, view)
