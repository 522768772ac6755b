import { describe, expect, it } from 'vitest'
import { transaction } from '../db/db.ts'
import { schedule } from '../db/work.ts'
import { until } from '../lib/test-until.ts'
import { pauseJob, resumeJob, suspendJob } from '../operations/jobs/life.ts'
import { cronCrashPoints } from './cron.ts'
import { FOREVER, key, type World, withWorld } from './jobs-test-project.ts'
import { startJobWorker } from './jobs-test-world.ts'

const noon = new Date('2030-01-01T12:00:00Z')
const minute = 60_000

/** A schedule's world: `goTo` moves the clock and lets every server look. */
class Schedule {
  now = new Date(noon.getTime() - minute / 2)
  readonly world: World
  constructor(world: World) {
    this.world = world
  }

  clock = { now: () => this.now }
  look = () => schedule(this.world.db, 'job', 'shop/migrate')

  async goTo(minutes: number): Promise<void> {
    this.now = new Date(noon.getTime() + minutes * minute)
    await this.look()
    await until('the schedule to look', async () => {
      const next = await this.next()
      return next !== null && next > this.now
    })
  }

  next = async () =>
    (await this.world.db.selectFrom('job').select('next_cron_at').executeTakeFirstOrThrow()).next_cron_at
  events = async (type: string) =>
    (await this.world.db.selectFrom('event').selectAll().where('type', '=', type).execute()).map(
      ({ data }) => data,
    )
}

type Given = { policy?: 'allow' | 'forbid' | 'replace'; script?: string; servers?: number }

async function withSchedule(
  { policy = 'allow', script = '', servers = 1 }: Given,
  work: (cron: Schedule) => Promise<void>,
): Promise<void> {
  await withWorld(async (world) => {
    const cron = new Schedule(world)
    await world.create({
      settings: { cron: { schedule: '* * * * *', concurrencyPolicy: policy } },
      runtimeEnvironment: { RAN: `${world.folder}/ran`, SCRIPT: script },
    })
    const workers = await Promise.all(
      Array.from({ length: servers }, () =>
        startJobWorker(world.connectionString, world.folder, { clock: cron.clock }),
      ),
    )
    try {
      await until('the first time', async () => (await cron.next())?.getTime() === noon.getTime())
      await work(cron)
    } finally {
      for (const worker of workers) await worker.stop()
    }
  })
}

describe('a cron job', () => {
  it('runs once at each time, however many servers look', () =>
    withSchedule({ servers: 3 }, async (cron) => {
      for (const minutes of [0, 1, 2]) {
        await cron.goTo(minutes)
        await Promise.all([cron.look(), cron.look(), cron.look()])
      }
      await until('the runs', async () =>
        (await cron.world.rows()).every(({ status }) => status === 'SUCCESS'),
      )
      expect((await cron.world.rows()).map(({ trigger }) => trigger)).toEqual(['cron', 'cron', 'cron'])
      expect(await cron.next()).toEqual(new Date(noon.getTime() + 3 * minute))
    }))

  it('does not make up for times that passed while no server ran, and says so', () =>
    withSchedule({}, async (cron) => {
      await cron.goTo(5.75)
      expect(await cron.world.rows()).toEqual([])
      expect(await cron.events('job.cron-missed')).toEqual([{ at: noon.toISOString() }])
      expect(await cron.next()).toEqual(new Date(noon.getTime() + 6 * minute))
    }))

  it('with forbid skips a time while its last run is under way; a run by hand does not count', () =>
    withSchedule({ policy: 'forbid', script: FOREVER }, async (cron) => {
      const byHand = await cron.world.run(FOREVER)
      await cron.world.begun(byHand)
      await cron.goTo(0)
      await cron.goTo(1)
      expect((await cron.world.rows()).filter(({ trigger }) => trigger === 'cron')).toHaveLength(1)
      expect(await cron.events('job.cron-skipped')).toHaveLength(1)
    }))

  it('with replace aborts its last run, and begins the new one when that is gone', () =>
    withSchedule({ policy: 'replace', script: FOREVER }, async (cron) => {
      await cron.goTo(0)
      const [first] = await cron.world.rows()
      await cron.world.begun(first!.id)
      await cron.goTo(1)
      const second = (await cron.world.rows())[1]!
      await cron.world.begun(second.id)
      const [ended] = await cron.world.rows()
      expect(ended!.status).toBe('ABORTED')
      const instances = await cron.world.instances()
      const gone = instances.find(({ labels }) => labels.revision === first!.id)!
      const begun = instances.find(({ labels }) => labels.revision === second.id)!
      expect(begun.startedAt.getTime()).toBeGreaterThanOrEqual(gone.exitedAt!.getTime())
    }))

  it('with allow runs beside its last run', () =>
    withSchedule({ script: FOREVER }, async (cron) => {
      await cron.goTo(0)
      await cron.goTo(1)
      for (const { id } of await cron.world.rows()) await cron.world.begun(id)
      expect((await cron.world.rows()).map(({ status }) => status)).toEqual(['RUNNING', 'RUNNING'])
    }))

  it('does not run while it is suspended or paused, and goes on with the next time after', () =>
    withSchedule({}, async (cron) => {
      const target = { ...key, actor: 'tester' }
      const change = (how: (tx: Parameters<typeof pauseJob>[0]) => Promise<void>) =>
        transaction(cron.world.db, how)
      const steps = [
        [(tx) => suspendJob(tx, target, true), (tx) => suspendJob(tx, target, false)],
        [(tx) => pauseJob(tx, target), (tx) => resumeJob(tx, target, {})],
      ] as [Parameters<typeof change>[0], Parameters<typeof change>[0]][]
      let minutes = 0
      for (const [off, on] of steps) {
        await change(off)
        cron.now = new Date(noon.getTime() + (minutes + 0.1) * minute)
        await cron.look()
        await until('it to rest', async () => {
          const { rows } = await idle(cron)
          return rows.length === 1
        })
        expect(await cron.next()).toBeNull()
        await change(on)
        minutes += 1
        await until(
          'the next time',
          async () => (await cron.next())?.getTime() === noon.getTime() + minutes * minute,
        )
      }
      expect(await cron.world.rows()).toEqual([])
    }))

  it('that has nothing to run yet is passed over, and says so', () =>
    withSchedule({}, async (cron) => {
      await cron.world.db.updateTable('job').set({ artifact_digest: null }).execute()
      await cron.goTo(0)
      expect(await cron.world.rows()).toEqual([])
      expect(await cron.events('job.cron-skipped')).toMatchObject([
        { reason: expect.stringContaining('nothing to run') },
      ])
    }))

  it.each(cronCrashPoints)('whose server is killed at %s runs once for that time', (point) =>
    withWorld(async (world) => {
      await world.create({ settings: { cron: { schedule: '0 0 1 1 *' } } })
      await world.db.updateTable('job').set({ next_cron_at: new Date() }).execute()
      expect(await world.live(point).over).toBe('SIGKILL')
      const second = world.live()
      try {
        await until('the run', async () => (await world.rows()).some(({ status }) => status === 'SUCCESS'))
        expect(await world.rows()).toHaveLength(1)
      } finally {
        await second.end()
      }
    }),
  )
})

/** The work item of the job when nobody holds it and nothing is due. */
async function idle({ world }: Schedule) {
  const rows = await world.db
    .selectFrom('work_item')
    .select('key')
    .where('kind', '=', 'job')
    .where('lease', 'is', null)
    .where('wake_at', 'is', null)
    .execute()
  return { rows }
}
