// An engine of its own process that kills itself at a crash point: `<connection string> <point> <nth>`.
import { openDb } from '../db/db.ts'
import { crashAt } from '../lib/crash-point.ts'
import { startEngine } from './test-world.ts'

const [connectionString = '', point = '', nth = '1'] = process.argv.slice(2)
const { db } = openDb(connectionString)
await startEngine(db, connectionString, { crash: crashAt(point, Number(nth)) })
process.stdout.write('started\n')
