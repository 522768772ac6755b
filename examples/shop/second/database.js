import pg from 'pg'

/** The newest migration this version of the code needs. Older code keeps working on a newer schema. */
export const REQUIRED_SCHEMA = 2

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 4 })
pool.on('error', (error) => console.error(`database: ${error.message}`))

export async function schemaVersion() {
  const { rows } = await pool.query('select max(version) as version from schema_migration')
  return rows[0].version ?? 0
}

export async function summary() {
  const { rows } = await pool.query(
    'select count(*)::int as orders, sum(cents)::int as cents, min(currency) as currency from orders',
  )
  return rows[0]
}

export async function addOrder(item, cents) {
  const { rows } = await pool.query('insert into orders (item, cents) values ($1, $2) returning id', [
    item,
    cents,
  ])
  return rows[0]
}

export const close = () => pool.end()
