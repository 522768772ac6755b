import { FairwayError, notFound } from '@fairway/contract/errors'
import { type CertificateStatus, certificateMoves, sourcesOf } from '@fairway/contract/states'
import { sql } from 'kysely'
import type { Db, Tx } from './db.ts'

/** The key of the only item of work of kind `tls`, which looks after all certificates. */
export const TLS_ALL = '*'

export type CertificateRow = {
  id: string
  source: 'acme' | 'imported'
  subject: string
  hosts: string[]
  status: CertificateStatus
  /** The version that is served. */
  version: number | null
  attempts: number
  reason: string | null
  next_try_at: Date | null
  started_at: Date | null
  order_url: string | null
  /** Sealed PEM of the key that the order under way is for. */
  order_key: Buffer | null
  domain: string | null
  created_at: Date
  updated_at: Date
}

export type CertificateVersionRow = {
  certificate_id: string
  version: number
  hosts: string[]
  issuer: string
  serial: string
  /** SHA-256, in hexadecimal digits. */
  fingerprint: string
  not_before: Date
  not_after: Date
  /** PEM, the certificate first. */
  chain: string
  /** Sealed PEM. */
  key: Buffer
  created_at: Date
}

/** A certificate and, where there is one, the version that is served. */
export type CertificateWithVersion = CertificateRow & {
  current: Omit<CertificateVersionRow, 'chain' | 'key' | 'certificate_id' | 'version'> | null
}

const columns = [
  'certificate.id',
  'source',
  'subject',
  'certificate.hosts',
  'status',
  'certificate.version',
  'attempts',
  'reason',
  'next_try_at',
  'started_at',
  'order_url',
  'order_key',
  'domain',
  'certificate.created_at',
  'updated_at',
] as const

export async function findCertificate(db: Db, id: string): Promise<CertificateRow | undefined> {
  const row = await db.selectFrom('certificate').select(columns).where('id', '=', id).executeTakeFirst()
  return row as CertificateRow | undefined
}

type Filter = 'all' | { source: 'acme' | 'imported'; subject?: string } | { hosts: readonly string[] }

/** Certificates with what is served of them, by subject. */
export async function listCertificates(
  db: Db,
  filter: Filter,
  page?: { limit: number; offset: number },
): Promise<CertificateWithVersion[]> {
  let query = withVersions(db)
  if (filter !== 'all' && 'hosts' in filter)
    query = query.where(sql<boolean>`certificate.hosts && ${sql.val(filter.hosts)}::text[]`)
  if (filter !== 'all' && 'source' in filter) query = query.where('source', '=', filter.source)
  if (filter !== 'all' && 'subject' in filter) query = query.where('subject', '=', filter.subject)
  if (page !== undefined) query = query.limit(page.limit + 1).offset(page.offset)
  return (await query.execute()).map(withVersion)
}

/** Those that speak for a domain or a name below it. */
export async function listCertificatesBelow(db: Db, domain: string): Promise<CertificateWithVersion[]> {
  const rows = await withVersions(db)
    .where(
      sql<boolean>`exists (select 1 from unnest(certificate.hosts) host
        where host = ${domain} or right(host, length(${domain}) + 1) = '.' || ${domain})`,
    )
    .execute()
  return rows.map(withVersion)
}

const withVersions = (db: Db) =>
  db
    .selectFrom('certificate')
    .leftJoin('certificate_version as v', (join) =>
      join.onRef('v.certificate_id', '=', 'certificate.id').onRef('v.version', '=', 'certificate.version'),
    )
    .select(columns)
    .select([
      'v.hosts as v_hosts',
      'v.issuer',
      'v.serial',
      'v.fingerprint',
      'v.not_before',
      'v.not_after',
      'v.created_at as v_created_at',
    ])
    .orderBy('subject')
    .orderBy('source')

type Joined = Record<string, unknown> & { fingerprint: string | null }

function withVersion(joined: Joined): CertificateWithVersion {
  const { v_hosts, issuer, serial, fingerprint, not_before, not_after, v_created_at, ...row } = joined
  const current =
    fingerprint === null
      ? null
      : {
          hosts: v_hosts,
          issuer,
          serial,
          fingerprint,
          not_before,
          not_after,
          created_at: v_created_at,
        }
  return { ...row, current } as unknown as CertificateWithVersion
}

/** Undefined: there is one for this subject already. */
export async function insertCertificate(
  tx: Tx,
  row: Pick<CertificateRow, 'id' | 'source' | 'subject' | 'hosts'> &
    Partial<Pick<CertificateRow, 'domain' | 'status'>>,
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('certificate')
    .values(row)
    .onConflict((conflict) => conflict.columns(['source', 'subject']).doNothing())
    .executeTakeFirst()
  return numInsertedOrUpdatedRows === 1n
}

export type CertificateChange = Partial<
  Pick<
    CertificateRow,
    'hosts' | 'version' | 'attempts' | 'reason' | 'next_try_at' | 'started_at' | 'order_url' | 'order_key'
  >
>

/** Moves a certificate where its state machine allows it. `invalid_state` otherwise. */
export async function moveCertificate(
  tx: Tx,
  id: string,
  status: CertificateStatus,
  change: CertificateChange = {},
): Promise<void> {
  const { numUpdatedRows } = await tx
    .updateTable('certificate')
    .set({ ...change, status, updated_at: sql<Date>`now()` })
    .where('id', '=', id)
    .where('status', 'in', sourcesOf(certificateMoves, status))
    .executeTakeFirst()
  if (numUpdatedRows === 1n) return
  throw new FairwayError('invalid_state', 'The certificate has moved on meanwhile. Look at it again.', {
    detail: `${id} to ${status}`,
  })
}

export async function updateCertificate(tx: Tx, id: string, change: CertificateChange): Promise<void> {
  await tx
    .updateTable('certificate')
    .set({ ...change, updated_at: sql<Date>`now()` })
    .where('id', '=', id)
    .execute()
}

export async function lockCertificate(
  tx: Tx,
  key: { source: 'acme' | 'imported'; subject: string },
): Promise<CertificateRow> {
  const row = await tx
    .selectFrom('certificate')
    .select(columns)
    .where('source', '=', key.source)
    .where('subject', '=', key.subject)
    .forUpdate()
    .executeTakeFirst()
  if (row === undefined) throw notFound('certificate', key.subject)
  return row as CertificateRow
}

export async function deleteCertificate(tx: Tx, id: string): Promise<void> {
  await tx.deleteFrom('certificate').where('id', '=', id).execute()
}

const KEPT_VERSIONS = 10

/** Adds a version under the next number and forgets the oldest ones. */
export async function insertCertificateVersion(
  tx: Tx,
  row: Omit<CertificateVersionRow, 'version' | 'created_at'>,
): Promise<number> {
  const { rows } = await sql<{ next: number }>`
    select coalesce(max(version), 0) + 1 as next from certificate_version
     where certificate_id = ${row.certificate_id}`.execute(tx)
  const version = Number(rows[0]?.next ?? 1)
  await tx
    .insertInto('certificate_version')
    .values({ ...row, version })
    .execute()
  await tx
    .deleteFrom('certificate_version')
    .where('certificate_id', '=', row.certificate_id)
    .where('version', '<=', version - KEPT_VERSIONS)
    .execute()
  return version
}

/** The versions that are served, with their sealed keys, by certificate. */
export async function listServedVersions(
  db: Db,
  ids: readonly string[],
): Promise<Pick<CertificateVersionRow, 'certificate_id' | 'version' | 'chain' | 'key'>[]> {
  if (ids.length === 0) return []
  return db
    .selectFrom('certificate_version as v')
    .innerJoin('certificate as c', (join) =>
      join.onRef('c.id', '=', 'v.certificate_id').onRef('c.version', '=', 'v.version'),
    )
    .select(['v.certificate_id', 'v.version', 'v.chain', 'v.key'])
    .where('c.id', 'in', ids)
    .execute()
}

/** The chain (PEM) that is served of a certificate. */
export async function findServedChain(db: Db, id: string): Promise<string | undefined> {
  return (await listServedVersions(db, [id]))[0]?.chain
}

/** The ports of every service that runs, for the names under which the public reaches them. */
export async function listServicePorts(
  db: Db,
): Promise<{ projectId: string; serviceId: string; ports: unknown }[]> {
  const { rows } = await sql<{ projectId: string; serviceId: string; ports: unknown }>`
    select project_id as "projectId", id as "serviceId", spec -> 'ports' as ports
      from service
     where not deleting and spec -> 'ports' @> '[{"public": true}]'`.execute(db)
  return rows
}
