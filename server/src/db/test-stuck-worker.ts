// A worker that claims everything for an hour and does nothing: the test kills it.
import { openDb } from './db.ts'
import { claimDue } from './work.ts'
import { registerWorker } from './workers.ts'

const connectionString = process.argv[2] ?? ''
const worker = await registerWorker(connectionString)
const { db } = openDb(connectionString)
const items = await claimDue(db, { kinds: ['build'], worker: worker.id, leaseMs: 3_600_000, limit: 10 })
process.stdout.write(`${items.length}\n`)
setInterval(() => undefined, 1000)
