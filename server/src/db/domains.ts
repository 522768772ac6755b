import { notFound } from '@fairway/contract/errors'
import { type DomainStatus, domainMoves, sourcesOf } from '@fairway/contract/states'
import { sql } from 'kysely'
import type { Db, Tx } from './db.ts'

export type DomainRow = {
  name: string
  status: DomainStatus
  token: string
  verified_at: Date | null
  created_at: Date
}
/** `name` is what stands before the domain, or `-default`. */
export type SubdomainRow = { domain: string; name: string; full_name: string; created_at: Date }

const columns = ['name', 'status', 'token', 'verified_at', 'created_at'] as const
const subdomainColumns = ['domain', 'name', 'full_name', 'created_at'] as const

export async function listDomains(db: Db, page: { limit: number; offset: number }): Promise<DomainRow[]> {
  const rows = await db
    .selectFrom('domain')
    .select(columns)
    .orderBy('name')
    .limit(page.limit + 1)
    .offset(page.offset)
    .execute()
  return rows as DomainRow[]
}

export async function requireDomain(db: Db, name: string): Promise<DomainRow> {
  const row = await db.selectFrom('domain').select(columns).where('name', '=', name).executeTakeFirst()
  if (row === undefined) throw notFound('domain', name)
  return row as DomainRow
}

/** The row for a change of the domain or of what is below it. */
export async function lockDomain(tx: Tx, name: string): Promise<DomainRow> {
  const query = tx.selectFrom('domain').select(columns).where('name', '=', name).forUpdate()
  const row = await query.executeTakeFirst()
  if (row === undefined) throw notFound('domain', name)
  return row as DomainRow
}

/** False: it is registered already. */
export async function insertDomain(tx: Tx, row: { name: string; token: string }): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('domain')
    .values(row)
    .onConflict((conflict) => conflict.column('name').doNothing())
    .executeTakeFirst()
  return numInsertedOrUpdatedRows === 1n
}

/** False: it was verified before. */
export async function markVerified(tx: Tx, name: string): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('domain')
    .set({ status: 'verified', verified_at: sql<Date>`now()` })
    .where('name', '=', name)
    .where('status', 'in', sourcesOf(domainMoves, 'verified'))
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

export async function deleteDomain(tx: Tx, name: string): Promise<void> {
  await tx.deleteFrom('domain').where('name', '=', name).execute()
}

export async function listSubdomains(db: Db, domain: string): Promise<SubdomainRow[]> {
  return db
    .selectFrom('subdomain')
    .select(subdomainColumns)
    .where('domain', '=', domain)
    .orderBy('name')
    .execute()
}

export async function requireSubdomain(db: Db, domain: string, name: string): Promise<SubdomainRow> {
  const row = await db
    .selectFrom('subdomain')
    .select(subdomainColumns)
    .where('domain', '=', domain)
    .where('name', '=', name)
    .executeTakeFirst()
  if (row === undefined) throw notFound(`subdomain of ${domain}`, name)
  return row
}

/** False: it is there already. */
export async function insertSubdomain(
  tx: Tx,
  row: { domain: string; name: string; full_name: string },
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('subdomain')
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return numInsertedOrUpdatedRows === 1n
}

export async function deleteSubdomain(tx: Tx, domain: string, name: string): Promise<void> {
  await tx.deleteFrom('subdomain').where('domain', '=', domain).where('name', '=', name).execute()
}

export type HostUse = { host: string; projectId: string; serviceId: string; port: string }

/** Which ports of services answer these names. */
export async function listHostUses(db: Db, hosts: readonly string[]): Promise<HostUse[]> {
  if (hosts.length === 0) return []
  const { rows } = await sql<HostUse>`
    select named.host, s.project_id as "projectId", s.id as "serviceId", p.port ->> 'name' as port
      from service s, jsonb_array_elements(s.spec -> 'ports') as p (port),
           jsonb_array_elements_text(p.port -> 'domains') as named (host)
     where not s.deleting and named.host = any(${sql.val(hosts)}::text[])
     order by 1, 2, 3, 4`.execute(db)
  return rows
}
